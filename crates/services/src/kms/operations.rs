//! The operations of KMS, one file each.

mod cancel_key_deletion;
mod create_alias;
mod create_key;
mod decrypt;
mod delete_alias;
mod describe_key;
mod disable_key;
mod enable_key;
mod encrypt;
mod generate_data_key;
mod generate_data_key_without_plaintext;
mod list_aliases;
mod list_keys;
mod schedule_key_deletion;
mod update_alias;
mod update_key_description;

use crate::operation::Route;

/// Every operation, by name.
pub static ROUTES: &[Route] = &[
    Route::of::<cancel_key_deletion::CancelKeyDeletion>(),
    Route::of::<create_alias::CreateAlias>(),
    Route::of::<create_key::CreateKey>(),
    Route::of::<decrypt::Decrypt>(),
    Route::of::<delete_alias::DeleteAlias>(),
    Route::of::<describe_key::DescribeKey>(),
    Route::of::<disable_key::DisableKey>(),
    Route::of::<enable_key::EnableKey>(),
    Route::of::<encrypt::Encrypt>(),
    Route::of::<generate_data_key::GenerateDataKey>(),
    Route::of::<generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext>(),
    Route::of::<list_aliases::ListAliases>(),
    Route::of::<list_keys::ListKeys>(),
    Route::of::<schedule_key_deletion::ScheduleKeyDeletion>(),
    Route::of::<update_alias::UpdateAlias>(),
    Route::of::<update_key_description::UpdateKeyDescription>(),
];
