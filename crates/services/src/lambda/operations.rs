//! The operations of Lambda, one file each.

mod add_permission;
mod create_alias;
mod create_function;
mod delete_alias;
mod delete_function;
mod get_alias;
mod get_function;
mod get_function_configuration;
mod get_policy;
mod invoke;
mod list_aliases;
mod list_functions;
mod list_versions_by_function;
mod publish_version;
mod remove_permission;
mod update_alias;
mod update_function_code;
mod update_function_configuration;

pub(super) use invoke::Invoke;

use crate::operation::Route;

/// Every operation, by name.
pub static ROUTES: &[Route] = &[
    Route::of::<add_permission::AddPermission>(),
    Route::of::<create_alias::CreateAlias>(),
    Route::of::<create_function::CreateFunction>(),
    Route::of::<delete_alias::DeleteAlias>(),
    Route::of::<delete_function::DeleteFunction>(),
    Route::of::<get_alias::GetAlias>(),
    Route::of::<get_function::GetFunction>(),
    Route::of::<get_function_configuration::GetFunctionConfiguration>(),
    Route::of::<get_policy::GetPolicy>(),
    Route::of::<invoke::Invoke>(),
    Route::of::<list_aliases::ListAliases>(),
    Route::of::<list_functions::ListFunctions>(),
    Route::of::<list_versions_by_function::ListVersionsByFunction>(),
    Route::of::<publish_version::PublishVersion>(),
    Route::of::<remove_permission::RemovePermission>(),
    Route::of::<update_alias::UpdateAlias>(),
    Route::of::<update_function_code::UpdateFunctionCode>(),
    Route::of::<update_function_configuration::UpdateFunctionConfiguration>(),
];
