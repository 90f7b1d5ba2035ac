//! The operations of IAM, one file each.

mod add_client_id_to_open_id_connect_provider;
mod add_role_to_instance_profile;
mod add_user_to_group;
mod attach_group_policy;
mod attach_role_policy;
mod attach_user_policy;
mod create_access_key;
mod create_account_alias;
mod create_group;
mod create_instance_profile;
mod create_open_id_connect_provider;
mod create_policy;
mod create_policy_version;
mod create_role;
mod create_saml_provider;
mod create_service_linked_role;
mod create_user;
mod delete_access_key;
mod delete_account_alias;
mod delete_account_password_policy;
mod delete_group;
mod delete_group_policy;
mod delete_instance_profile;
mod delete_login_profile;
mod delete_open_id_connect_provider;
mod delete_policy;
mod delete_policy_version;
mod delete_role;
mod delete_role_permissions_boundary;
mod delete_role_policy;
mod delete_saml_provider;
mod delete_service_linked_role;
mod delete_user;
mod delete_user_permissions_boundary;
mod delete_user_policy;
mod detach_group_policy;
mod detach_role_policy;
mod detach_user_policy;
mod get_access_key_last_used;
mod get_account_authorization_details;
mod get_account_password_policy;
mod get_account_summary;
mod get_context_keys_for_custom_policy;
mod get_context_keys_for_principal_policy;
mod get_group;
mod get_group_policy;
mod get_instance_profile;
mod get_login_profile;
mod get_open_id_connect_provider;
mod get_policy;
mod get_policy_version;
mod get_role;
mod get_role_policy;
mod get_saml_provider;
mod get_service_linked_role_deletion_status;
mod get_user;
mod get_user_policy;
mod list_access_keys;
mod list_account_aliases;
mod list_attached_group_policies;
mod list_attached_role_policies;
mod list_attached_user_policies;
mod list_entities_for_policy;
mod list_group_policies;
mod list_groups;
mod list_groups_for_user;
mod list_instance_profile_tags;
mod list_instance_profiles;
mod list_instance_profiles_for_role;
mod list_mfa_devices;
mod list_open_id_connect_provider_tags;
mod list_open_id_connect_providers;
mod list_policies;
mod list_policies_granting_service_access;
mod list_policy_tags;
mod list_policy_versions;
mod list_role_policies;
mod list_role_tags;
mod list_roles;
mod list_saml_provider_tags;
mod list_saml_providers;
mod list_server_certificates;
mod list_service_specific_credentials;
mod list_signing_certificates;
mod list_ssh_public_keys;
mod list_user_policies;
mod list_user_tags;
mod list_users;
mod list_virtual_mfa_devices;
mod put_group_policy;
mod put_role_permissions_boundary;
mod put_role_policy;
mod put_user_permissions_boundary;
mod put_user_policy;
mod remove_client_id_from_open_id_connect_provider;
mod remove_role_from_instance_profile;
mod remove_user_from_group;
mod set_default_policy_version;
mod simulate_custom_policy;
mod simulate_principal_policy;
mod tag_instance_profile;
mod tag_open_id_connect_provider;
mod tag_policy;
mod tag_role;
mod tag_saml_provider;
mod tag_user;
mod untag_instance_profile;
mod untag_open_id_connect_provider;
mod untag_policy;
mod untag_role;
mod untag_saml_provider;
mod untag_user;
mod update_access_key;
mod update_account_password_policy;
mod update_assume_role_policy;
mod update_group;
mod update_open_id_connect_provider_thumbprint;
mod update_role;
mod update_role_description;
mod update_saml_provider;
mod update_user;

use crate::operation::Route;

/// Every operation, by name.
pub static ROUTES: &[Route] = &[
    Route::of::<add_client_id_to_open_id_connect_provider::AddClientIDToOpenIDConnectProvider>(),
    Route::of::<add_role_to_instance_profile::AddRoleToInstanceProfile>(),
    Route::of::<add_user_to_group::AddUserToGroup>(),
    Route::of::<attach_group_policy::AttachGroupPolicy>(),
    Route::of::<attach_role_policy::AttachRolePolicy>(),
    Route::of::<attach_user_policy::AttachUserPolicy>(),
    Route::of::<create_access_key::CreateAccessKey>(),
    Route::of::<create_account_alias::CreateAccountAlias>(),
    Route::of::<create_group::CreateGroup>(),
    Route::of::<create_instance_profile::CreateInstanceProfile>(),
    Route::of::<create_open_id_connect_provider::CreateOpenIDConnectProvider>(),
    Route::of::<create_policy::CreatePolicy>(),
    Route::of::<create_policy_version::CreatePolicyVersion>(),
    Route::of::<create_role::CreateRole>(),
    Route::of::<create_saml_provider::CreateSAMLProvider>(),
    Route::of::<create_service_linked_role::CreateServiceLinkedRole>(),
    Route::of::<create_user::CreateUser>(),
    Route::of::<delete_access_key::DeleteAccessKey>(),
    Route::of::<delete_account_alias::DeleteAccountAlias>(),
    Route::of::<delete_account_password_policy::DeleteAccountPasswordPolicy>(),
    Route::of::<delete_group::DeleteGroup>(),
    Route::of::<delete_group_policy::DeleteGroupPolicy>(),
    Route::of::<delete_instance_profile::DeleteInstanceProfile>(),
    Route::of::<delete_login_profile::DeleteLoginProfile>(),
    Route::of::<delete_open_id_connect_provider::DeleteOpenIDConnectProvider>(),
    Route::of::<delete_policy::DeletePolicy>(),
    Route::of::<delete_policy_version::DeletePolicyVersion>(),
    Route::of::<delete_role::DeleteRole>(),
    Route::of::<delete_role_permissions_boundary::DeleteRolePermissionsBoundary>(),
    Route::of::<delete_role_policy::DeleteRolePolicy>(),
    Route::of::<delete_saml_provider::DeleteSAMLProvider>(),
    Route::of::<delete_service_linked_role::DeleteServiceLinkedRole>(),
    Route::of::<delete_user::DeleteUser>(),
    Route::of::<delete_user_permissions_boundary::DeleteUserPermissionsBoundary>(),
    Route::of::<delete_user_policy::DeleteUserPolicy>(),
    Route::of::<detach_group_policy::DetachGroupPolicy>(),
    Route::of::<detach_role_policy::DetachRolePolicy>(),
    Route::of::<detach_user_policy::DetachUserPolicy>(),
    Route::of::<get_access_key_last_used::GetAccessKeyLastUsed>(),
    Route::of::<get_account_authorization_details::GetAccountAuthorizationDetails>(),
    Route::of::<get_account_password_policy::GetAccountPasswordPolicy>(),
    Route::of::<get_account_summary::GetAccountSummary>(),
    Route::of::<get_context_keys_for_custom_policy::GetContextKeysForCustomPolicy>(),
    Route::of::<get_context_keys_for_principal_policy::GetContextKeysForPrincipalPolicy>(),
    Route::of::<get_group::GetGroup>(),
    Route::of::<get_group_policy::GetGroupPolicy>(),
    Route::of::<get_instance_profile::GetInstanceProfile>(),
    Route::of::<get_login_profile::GetLoginProfile>(),
    Route::of::<get_open_id_connect_provider::GetOpenIDConnectProvider>(),
    Route::of::<get_policy::GetPolicy>(),
    Route::of::<get_policy_version::GetPolicyVersion>(),
    Route::of::<get_role::GetRole>(),
    Route::of::<get_role_policy::GetRolePolicy>(),
    Route::of::<get_saml_provider::GetSAMLProvider>(),
    Route::of::<get_service_linked_role_deletion_status::GetServiceLinkedRoleDeletionStatus>(),
    Route::of::<get_user::GetUser>(),
    Route::of::<get_user_policy::GetUserPolicy>(),
    Route::of::<list_access_keys::ListAccessKeys>(),
    Route::of::<list_account_aliases::ListAccountAliases>(),
    Route::of::<list_attached_group_policies::ListAttachedGroupPolicies>(),
    Route::of::<list_attached_role_policies::ListAttachedRolePolicies>(),
    Route::of::<list_attached_user_policies::ListAttachedUserPolicies>(),
    Route::of::<list_entities_for_policy::ListEntitiesForPolicy>(),
    Route::of::<list_group_policies::ListGroupPolicies>(),
    Route::of::<list_groups::ListGroups>(),
    Route::of::<list_groups_for_user::ListGroupsForUser>(),
    Route::of::<list_instance_profile_tags::ListInstanceProfileTags>(),
    Route::of::<list_instance_profiles::ListInstanceProfiles>(),
    Route::of::<list_instance_profiles_for_role::ListInstanceProfilesForRole>(),
    Route::of::<list_mfa_devices::ListMFADevices>(),
    Route::of::<list_open_id_connect_provider_tags::ListOpenIDConnectProviderTags>(),
    Route::of::<list_open_id_connect_providers::ListOpenIDConnectProviders>(),
    Route::of::<list_policies::ListPolicies>(),
    Route::of::<list_policies_granting_service_access::ListPoliciesGrantingServiceAccess>(),
    Route::of::<list_policy_tags::ListPolicyTags>(),
    Route::of::<list_policy_versions::ListPolicyVersions>(),
    Route::of::<list_role_policies::ListRolePolicies>(),
    Route::of::<list_role_tags::ListRoleTags>(),
    Route::of::<list_roles::ListRoles>(),
    Route::of::<list_saml_provider_tags::ListSAMLProviderTags>(),
    Route::of::<list_saml_providers::ListSAMLProviders>(),
    Route::of::<list_ssh_public_keys::ListSSHPublicKeys>(),
    Route::of::<list_server_certificates::ListServerCertificates>(),
    Route::of::<list_service_specific_credentials::ListServiceSpecificCredentials>(),
    Route::of::<list_signing_certificates::ListSigningCertificates>(),
    Route::of::<list_user_policies::ListUserPolicies>(),
    Route::of::<list_user_tags::ListUserTags>(),
    Route::of::<list_users::ListUsers>(),
    Route::of::<list_virtual_mfa_devices::ListVirtualMFADevices>(),
    Route::of::<put_group_policy::PutGroupPolicy>(),
    Route::of::<put_role_permissions_boundary::PutRolePermissionsBoundary>(),
    Route::of::<put_role_policy::PutRolePolicy>(),
    Route::of::<put_user_permissions_boundary::PutUserPermissionsBoundary>(),
    Route::of::<put_user_policy::PutUserPolicy>(),
    Route::of::<
        remove_client_id_from_open_id_connect_provider::RemoveClientIDFromOpenIDConnectProvider,
    >(),
    Route::of::<remove_role_from_instance_profile::RemoveRoleFromInstanceProfile>(),
    Route::of::<remove_user_from_group::RemoveUserFromGroup>(),
    Route::of::<set_default_policy_version::SetDefaultPolicyVersion>(),
    Route::of::<simulate_custom_policy::SimulateCustomPolicy>(),
    Route::of::<simulate_principal_policy::SimulatePrincipalPolicy>(),
    Route::of::<tag_instance_profile::TagInstanceProfile>(),
    Route::of::<tag_open_id_connect_provider::TagOpenIDConnectProvider>(),
    Route::of::<tag_policy::TagPolicy>(),
    Route::of::<tag_role::TagRole>(),
    Route::of::<tag_saml_provider::TagSAMLProvider>(),
    Route::of::<tag_user::TagUser>(),
    Route::of::<untag_instance_profile::UntagInstanceProfile>(),
    Route::of::<untag_open_id_connect_provider::UntagOpenIDConnectProvider>(),
    Route::of::<untag_policy::UntagPolicy>(),
    Route::of::<untag_role::UntagRole>(),
    Route::of::<untag_saml_provider::UntagSAMLProvider>(),
    Route::of::<untag_user::UntagUser>(),
    Route::of::<update_access_key::UpdateAccessKey>(),
    Route::of::<update_account_password_policy::UpdateAccountPasswordPolicy>(),
    Route::of::<update_assume_role_policy::UpdateAssumeRolePolicy>(),
    Route::of::<update_group::UpdateGroup>(),
    Route::of::<update_open_id_connect_provider_thumbprint::UpdateOpenIDConnectProviderThumbprint>(
    ),
    Route::of::<update_role::UpdateRole>(),
    Route::of::<update_role_description::UpdateRoleDescription>(),
    Route::of::<update_saml_provider::UpdateSAMLProvider>(),
    Route::of::<update_user::UpdateUser>(),
];
