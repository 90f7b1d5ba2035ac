//! The operations of STS, one file each.

mod assume_role;
mod assume_role_with_saml;
mod assume_role_with_web_identity;
mod decode_authorization_message;
mod get_access_key_info;
mod get_caller_identity;
mod get_federation_token;
mod get_session_token;

use crate::operation::Route;

/// Every operation, by name.
pub static ROUTES: &[Route] = &[
    Route::of::<assume_role::AssumeRole>(),
    Route::of::<assume_role_with_saml::AssumeRoleWithSAML>(),
    Route::of::<assume_role_with_web_identity::AssumeRoleWithWebIdentity>(),
    Route::of::<decode_authorization_message::DecodeAuthorizationMessage>(),
    Route::of::<get_access_key_info::GetAccessKeyInfo>(),
    Route::of::<get_caller_identity::GetCallerIdentity>(),
    Route::of::<get_federation_token::GetFederationToken>(),
    Route::of::<get_session_token::GetSessionToken>(),
];
