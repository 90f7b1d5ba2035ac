//! The operations of IAM, one file each.

mod add_role_to_instance_profile;
mod attach_role_policy;
mod create_instance_profile;
mod create_policy;
mod create_policy_version;
mod create_role;
mod create_service_linked_role;
mod delete_instance_profile;
mod delete_policy;
mod delete_policy_version;
mod delete_role;
mod delete_role_permissions_boundary;
mod delete_role_policy;
mod delete_service_linked_role;
mod detach_role_policy;
mod get_account_authorization_details;
mod get_context_keys_for_custom_policy;
mod get_context_keys_for_principal_policy;
mod get_instance_profile;
mod get_policy;
mod get_policy_version;
mod get_role;
mod get_role_policy;
mod get_service_linked_role_deletion_status;
mod list_attached_role_policies;
mod list_entities_for_policy;
mod list_instance_profile_tags;
mod list_instance_profiles;
mod list_instance_profiles_for_role;
mod list_policies;
mod list_policies_granting_service_access;
mod list_policy_tags;
mod list_policy_versions;
mod list_role_policies;
mod list_role_tags;
mod list_roles;
mod put_role_permissions_boundary;
mod put_role_policy;
mod remove_role_from_instance_profile;
mod set_default_policy_version;
mod simulate_custom_policy;
mod simulate_principal_policy;
mod tag_instance_profile;
mod tag_policy;
mod tag_role;
mod untag_instance_profile;
mod untag_policy;
mod untag_role;
mod update_assume_role_policy;
mod update_role;
mod update_role_description;

use crate::operation::Route;

/// Every operation, by name.
pub static ROUTES: &[Route] = &[
    Route::of::<add_role_to_instance_profile::AddRoleToInstanceProfile>(),
    Route::of::<attach_role_policy::AttachRolePolicy>(),
    Route::of::<create_instance_profile::CreateInstanceProfile>(),
    Route::of::<create_policy::CreatePolicy>(),
    Route::of::<create_policy_version::CreatePolicyVersion>(),
    Route::of::<create_role::CreateRole>(),
    Route::of::<create_service_linked_role::CreateServiceLinkedRole>(),
    Route::of::<delete_instance_profile::DeleteInstanceProfile>(),
    Route::of::<delete_policy::DeletePolicy>(),
    Route::of::<delete_policy_version::DeletePolicyVersion>(),
    Route::of::<delete_role::DeleteRole>(),
    Route::of::<delete_role_permissions_boundary::DeleteRolePermissionsBoundary>(),
    Route::of::<delete_role_policy::DeleteRolePolicy>(),
    Route::of::<delete_service_linked_role::DeleteServiceLinkedRole>(),
    Route::of::<detach_role_policy::DetachRolePolicy>(),
    Route::of::<get_account_authorization_details::GetAccountAuthorizationDetails>(),
    Route::of::<get_context_keys_for_custom_policy::GetContextKeysForCustomPolicy>(),
    Route::of::<get_context_keys_for_principal_policy::GetContextKeysForPrincipalPolicy>(),
    Route::of::<get_instance_profile::GetInstanceProfile>(),
    Route::of::<get_policy::GetPolicy>(),
    Route::of::<get_policy_version::GetPolicyVersion>(),
    Route::of::<get_role::GetRole>(),
    Route::of::<get_role_policy::GetRolePolicy>(),
    Route::of::<get_service_linked_role_deletion_status::GetServiceLinkedRoleDeletionStatus>(),
    Route::of::<list_attached_role_policies::ListAttachedRolePolicies>(),
    Route::of::<list_entities_for_policy::ListEntitiesForPolicy>(),
    Route::of::<list_instance_profile_tags::ListInstanceProfileTags>(),
    Route::of::<list_instance_profiles::ListInstanceProfiles>(),
    Route::of::<list_instance_profiles_for_role::ListInstanceProfilesForRole>(),
    Route::of::<list_policies::ListPolicies>(),
    Route::of::<list_policies_granting_service_access::ListPoliciesGrantingServiceAccess>(),
    Route::of::<list_policy_tags::ListPolicyTags>(),
    Route::of::<list_policy_versions::ListPolicyVersions>(),
    Route::of::<list_role_policies::ListRolePolicies>(),
    Route::of::<list_role_tags::ListRoleTags>(),
    Route::of::<list_roles::ListRoles>(),
    Route::of::<put_role_permissions_boundary::PutRolePermissionsBoundary>(),
    Route::of::<put_role_policy::PutRolePolicy>(),
    Route::of::<remove_role_from_instance_profile::RemoveRoleFromInstanceProfile>(),
    Route::of::<set_default_policy_version::SetDefaultPolicyVersion>(),
    Route::of::<simulate_custom_policy::SimulateCustomPolicy>(),
    Route::of::<simulate_principal_policy::SimulatePrincipalPolicy>(),
    Route::of::<tag_instance_profile::TagInstanceProfile>(),
    Route::of::<tag_policy::TagPolicy>(),
    Route::of::<tag_role::TagRole>(),
    Route::of::<untag_instance_profile::UntagInstanceProfile>(),
    Route::of::<untag_policy::UntagPolicy>(),
    Route::of::<untag_role::UntagRole>(),
    Route::of::<update_assume_role_policy::UpdateAssumeRolePolicy>(),
    Route::of::<update_role::UpdateRole>(),
    Route::of::<update_role_description::UpdateRoleDescription>(),
];
