//! The operations of KMS, one file each.

mod cancel_key_deletion;
mod connect_custom_key_store;
mod create_alias;
mod create_custom_key_store;
mod create_grant;
mod create_key;
mod decrypt;
mod delete_alias;
mod delete_custom_key_store;
mod delete_imported_key_material;
mod derive_shared_secret;
mod describe_custom_key_stores;
mod describe_key;
mod disable_key;
mod disable_key_rotation;
mod disconnect_custom_key_store;
mod enable_key;
mod enable_key_rotation;
mod encrypt;
mod generate_data_key;
mod generate_data_key_pair;
mod generate_data_key_pair_without_plaintext;
mod generate_data_key_without_plaintext;
mod generate_mac;
mod generate_random;
mod get_key_last_usage;
mod get_key_policy;
mod get_key_rotation_status;
mod get_parameters_for_import;
mod get_public_key;
mod import_key_material;
mod list_aliases;
mod list_grants;
mod list_key_policies;
mod list_key_rotations;
mod list_keys;
mod list_resource_tags;
mod list_retirable_grants;
mod put_key_policy;
mod re_encrypt;
mod replicate_key;
mod retire_grant;
mod revoke_grant;
mod rotate_key_on_demand;
mod schedule_key_deletion;
mod sign;
mod tag_resource;
mod untag_resource;
mod update_alias;
mod update_custom_key_store;
mod update_key_description;
mod update_primary_region;
mod verify;
mod verify_mac;

use crate::operation::Route;

/// Every operation, by name.
pub static ROUTES: &[Route] = &[
    Route::of::<cancel_key_deletion::CancelKeyDeletion>(),
    Route::of::<connect_custom_key_store::ConnectCustomKeyStore>(),
    Route::of::<create_alias::CreateAlias>(),
    Route::of::<create_custom_key_store::CreateCustomKeyStore>(),
    Route::of::<create_grant::CreateGrant>(),
    Route::of::<create_key::CreateKey>(),
    Route::of::<decrypt::Decrypt>(),
    Route::of::<delete_alias::DeleteAlias>(),
    Route::of::<delete_custom_key_store::DeleteCustomKeyStore>(),
    Route::of::<delete_imported_key_material::DeleteImportedKeyMaterial>(),
    Route::of::<derive_shared_secret::DeriveSharedSecret>(),
    Route::of::<describe_custom_key_stores::DescribeCustomKeyStores>(),
    Route::of::<describe_key::DescribeKey>(),
    Route::of::<disable_key::DisableKey>(),
    Route::of::<disable_key_rotation::DisableKeyRotation>(),
    Route::of::<disconnect_custom_key_store::DisconnectCustomKeyStore>(),
    Route::of::<enable_key::EnableKey>(),
    Route::of::<enable_key_rotation::EnableKeyRotation>(),
    Route::of::<encrypt::Encrypt>(),
    Route::of::<generate_data_key::GenerateDataKey>(),
    Route::of::<generate_data_key_pair::GenerateDataKeyPair>(),
    Route::of::<generate_data_key_pair_without_plaintext::GenerateDataKeyPairWithoutPlaintext>(),
    Route::of::<generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext>(),
    Route::of::<generate_mac::GenerateMac>(),
    Route::of::<generate_random::GenerateRandom>(),
    Route::of::<get_key_last_usage::GetKeyLastUsage>(),
    Route::of::<get_key_policy::GetKeyPolicy>(),
    Route::of::<get_key_rotation_status::GetKeyRotationStatus>(),
    Route::of::<get_parameters_for_import::GetParametersForImport>(),
    Route::of::<get_public_key::GetPublicKey>(),
    Route::of::<import_key_material::ImportKeyMaterial>(),
    Route::of::<list_aliases::ListAliases>(),
    Route::of::<list_grants::ListGrants>(),
    Route::of::<list_key_policies::ListKeyPolicies>(),
    Route::of::<list_key_rotations::ListKeyRotations>(),
    Route::of::<list_keys::ListKeys>(),
    Route::of::<list_resource_tags::ListResourceTags>(),
    Route::of::<list_retirable_grants::ListRetirableGrants>(),
    Route::of::<put_key_policy::PutKeyPolicy>(),
    Route::of::<re_encrypt::ReEncrypt>(),
    Route::of::<replicate_key::ReplicateKey>(),
    Route::of::<retire_grant::RetireGrant>(),
    Route::of::<revoke_grant::RevokeGrant>(),
    Route::of::<rotate_key_on_demand::RotateKeyOnDemand>(),
    Route::of::<schedule_key_deletion::ScheduleKeyDeletion>(),
    Route::of::<sign::Sign>(),
    Route::of::<tag_resource::TagResource>(),
    Route::of::<untag_resource::UntagResource>(),
    Route::of::<update_alias::UpdateAlias>(),
    Route::of::<update_custom_key_store::UpdateCustomKeyStore>(),
    Route::of::<update_key_description::UpdateKeyDescription>(),
    Route::of::<update_primary_region::UpdatePrimaryRegion>(),
    Route::of::<verify::Verify>(),
    Route::of::<verify_mac::VerifyMac>(),
];
