//! The operations of IAM, one file each.

mod attach_role_policy;
mod create_role;
mod delete_role;
mod delete_role_permissions_boundary;
mod delete_role_policy;
mod detach_role_policy;
mod get_role;
mod get_role_policy;
mod list_attached_role_policies;
mod list_role_policies;
mod list_role_tags;
mod list_roles;
mod put_role_permissions_boundary;
mod put_role_policy;
mod tag_role;
mod untag_role;
mod update_assume_role_policy;
mod update_role;
mod update_role_description;

use crate::operation::Route;

/// Every operation, by name.
pub static ROUTES: &[Route] = &[
    Route::of::<attach_role_policy::AttachRolePolicy>(),
    Route::of::<create_role::CreateRole>(),
    Route::of::<delete_role::DeleteRole>(),
    Route::of::<delete_role_permissions_boundary::DeleteRolePermissionsBoundary>(),
    Route::of::<delete_role_policy::DeleteRolePolicy>(),
    Route::of::<detach_role_policy::DetachRolePolicy>(),
    Route::of::<get_role::GetRole>(),
    Route::of::<get_role_policy::GetRolePolicy>(),
    Route::of::<list_attached_role_policies::ListAttachedRolePolicies>(),
    Route::of::<list_role_policies::ListRolePolicies>(),
    Route::of::<list_role_tags::ListRoleTags>(),
    Route::of::<list_roles::ListRoles>(),
    Route::of::<put_role_permissions_boundary::PutRolePermissionsBoundary>(),
    Route::of::<put_role_policy::PutRolePolicy>(),
    Route::of::<tag_role::TagRole>(),
    Route::of::<untag_role::UntagRole>(),
    Route::of::<update_assume_role_policy::UpdateAssumeRolePolicy>(),
    Route::of::<update_role::UpdateRole>(),
    Route::of::<update_role_description::UpdateRoleDescription>(),
];
