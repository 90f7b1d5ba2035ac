//! The operations of Organizations, one file each.

mod attach_policy;
mod close_account;
mod create_account;
mod create_organization;
mod create_organizational_unit;
mod create_policy;
mod delete_organization;
mod delete_organizational_unit;
mod delete_policy;
mod describe_account;
mod describe_create_account_status;
mod describe_organization;
mod describe_organizational_unit;
mod describe_policy;
mod detach_policy;
mod disable_policy_type;
mod enable_policy_type;
mod leave_organization;
mod list_accounts;
mod list_accounts_for_parent;
mod list_aws_service_access_for_organization;
mod list_children;
mod list_create_account_status;
mod list_delegated_administrators;
mod list_organizational_units_for_parent;
mod list_parents;
mod list_policies;
mod list_policies_for_target;
mod list_roots;
mod list_tags_for_resource;
mod list_targets_for_policy;
mod move_account;
mod remove_account_from_organization;
mod tag_resource;
mod untag_resource;
mod update_organizational_unit;
mod update_policy;

use crate::operation::Route;

/// Every operation, by name.
pub static ROUTES: &[Route] = &[
    Route::of::<attach_policy::AttachPolicy>(),
    Route::of::<close_account::CloseAccount>(),
    Route::of::<create_account::CreateAccount>(),
    Route::of::<create_organization::CreateOrganization>(),
    Route::of::<create_organizational_unit::CreateOrganizationalUnit>(),
    Route::of::<create_policy::CreatePolicy>(),
    Route::of::<delete_organization::DeleteOrganization>(),
    Route::of::<delete_organizational_unit::DeleteOrganizationalUnit>(),
    Route::of::<delete_policy::DeletePolicy>(),
    Route::of::<describe_account::DescribeAccount>(),
    Route::of::<describe_create_account_status::DescribeCreateAccountStatus>(),
    Route::of::<describe_organization::DescribeOrganization>(),
    Route::of::<describe_organizational_unit::DescribeOrganizationalUnit>(),
    Route::of::<describe_policy::DescribePolicy>(),
    Route::of::<detach_policy::DetachPolicy>(),
    Route::of::<disable_policy_type::DisablePolicyType>(),
    Route::of::<enable_policy_type::EnablePolicyType>(),
    Route::of::<leave_organization::LeaveOrganization>(),
    Route::of::<list_aws_service_access_for_organization::ListAWSServiceAccessForOrganization>(),
    Route::of::<list_accounts::ListAccounts>(),
    Route::of::<list_accounts_for_parent::ListAccountsForParent>(),
    Route::of::<list_children::ListChildren>(),
    Route::of::<list_create_account_status::ListCreateAccountStatus>(),
    Route::of::<list_delegated_administrators::ListDelegatedAdministrators>(),
    Route::of::<list_organizational_units_for_parent::ListOrganizationalUnitsForParent>(),
    Route::of::<list_parents::ListParents>(),
    Route::of::<list_policies::ListPolicies>(),
    Route::of::<list_policies_for_target::ListPoliciesForTarget>(),
    Route::of::<list_roots::ListRoots>(),
    Route::of::<list_tags_for_resource::ListTagsForResource>(),
    Route::of::<list_targets_for_policy::ListTargetsForPolicy>(),
    Route::of::<move_account::MoveAccount>(),
    Route::of::<remove_account_from_organization::RemoveAccountFromOrganization>(),
    Route::of::<tag_resource::TagResource>(),
    Route::of::<untag_resource::UntagResource>(),
    Route::of::<update_organizational_unit::UpdateOrganizationalUnit>(),
    Route::of::<update_policy::UpdatePolicy>(),
];
