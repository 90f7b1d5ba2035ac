use crate::shape::enumeration;

enumeration! {
    /// The kinds of entities that lists of several kinds have.
    pub enum EntityType {
        User = "User",
        Role = "Role",
        Group = "Group",
        LocalManagedPolicy = "LocalManagedPolicy",
        AwsManagedPolicy = "AWSManagedPolicy",
    }
}
