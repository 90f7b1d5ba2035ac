use crate::shape::enumeration;

enumeration! {
    /// The ways in which a managed policy is used.
    pub enum PolicyUsage {
        PermissionsPolicy = "PermissionsPolicy",
        PermissionsBoundary = "PermissionsBoundary",
    }
}
