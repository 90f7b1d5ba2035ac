//! The operations of Secrets Manager, one file each.

mod batch_get_secret_value;
mod cancel_rotate_secret;
mod create_secret;
mod delete_resource_policy;
mod delete_secret;
mod describe_secret;
mod get_random_password;
mod get_resource_policy;
mod get_secret_value;
mod list_resource_policies;
mod list_secret_version_ids;
mod list_secrets;
mod put_resource_policy;
mod put_secret_value;
mod restore_secret;
mod rotate_secret;
mod tag_resource;
mod untag_resource;
mod update_secret;
mod update_secret_version_stage;
mod validate_resource_policy;

use crate::operation::Route;

/// Every operation, by name.
pub static ROUTES: &[Route] = &[
    Route::of::<batch_get_secret_value::BatchGetSecretValue>(),
    Route::of::<cancel_rotate_secret::CancelRotateSecret>(),
    Route::of::<create_secret::CreateSecret>(),
    Route::of::<delete_resource_policy::DeleteResourcePolicy>(),
    Route::of::<delete_secret::DeleteSecret>(),
    Route::of::<describe_secret::DescribeSecret>(),
    Route::of::<get_random_password::GetRandomPassword>(),
    Route::of::<get_resource_policy::GetResourcePolicy>(),
    Route::of::<get_secret_value::GetSecretValue>(),
    Route::of::<list_resource_policies::ListResourcePolicies>(),
    Route::of::<list_secret_version_ids::ListSecretVersionIds>(),
    Route::of::<list_secrets::ListSecrets>(),
    Route::of::<put_resource_policy::PutResourcePolicy>(),
    Route::of::<put_secret_value::PutSecretValue>(),
    Route::of::<restore_secret::RestoreSecret>(),
    Route::of::<rotate_secret::RotateSecret>(),
    Route::of::<tag_resource::TagResource>(),
    Route::of::<untag_resource::UntagResource>(),
    Route::of::<update_secret::UpdateSecret>(),
    Route::of::<update_secret_version_stage::UpdateSecretVersionStage>(),
    Route::of::<validate_resource_policy::ValidateResourcePolicy>(),
];
