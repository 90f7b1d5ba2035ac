use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    kms::{
        Kms, custom_key_store,
        custom_key_store::{XksProxyAuthenticationCredential, XksProxyConnectivity},
        error::Result,
    },
    operation::Operation,
    shape::{Input, Nothing},
};

/// Changes a custom key store. There are none: refused.
///
/// Source: KMS API Reference, UpdateCustomKeyStore.
pub struct UpdateCustomKeyStore;

/// What is asked.
#[derive(Input)]
pub struct UpdateCustomKeyStoreInput {
    /// A custom key store; there are none yet.
    #[shape(length(1, 64))]
    pub custom_key_store_id: String,
    /// Its new name.
    #[shape(length(1, 256))]
    pub new_custom_key_store_name: Option<String>,
    /// The password of the cluster's user `kmsuser`.
    #[shape(length(7, 32))]
    pub key_store_password: Option<Sensitive<String>>,
    /// Its cluster.
    #[shape(length(19, 24), pattern(r"cluster-[2-7a-zA-Z]{11,16}"))]
    pub cloud_hsm_cluster_id: Option<String>,
    /// Where the proxy is.
    #[shape(length(10, 128), pattern(r"^https://[a-zA-Z0-9.-]+$"))]
    pub xks_proxy_uri_endpoint: Option<String>,
    /// The path there.
    #[shape(
        length(10, 128),
        pattern(r"^(/[a-zA-Z0-9\/_-]+/kms/xks/v\d{1,2})$|^(/kms/xks/v\d{1,2})$")
    )]
    pub xks_proxy_uri_path: Option<String>,
    /// The private way to the proxy.
    #[shape(
        length(20, 64),
        pattern(r"^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$")
    )]
    pub xks_proxy_vpc_endpoint_service_name: Option<String>,
    /// The account that has it.
    #[shape(length(12, 12), pattern(r"[0-9]{12}"))]
    pub xks_proxy_vpc_endpoint_service_owner: Option<String>,
    /// What the proxy knows requests by.
    pub xks_proxy_authentication_credential: Option<XksProxyAuthenticationCredential>,
    /// How the proxy is reached.
    pub xks_proxy_connectivity: Option<XksProxyConnectivity>,
}

impl Operation for UpdateCustomKeyStore {
    const NAME: &'static str = "UpdateCustomKeyStore";
    const ACTION: &'static str = "kms:UpdateCustomKeyStore";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "CustomKeyStoreNotFoundException",
        "CustomKeyStoreNameInUseException",
        "CloudHsmClusterNotFoundException",
        "CloudHsmClusterNotRelatedException",
        "CustomKeyStoreInvalidStateException",
        "KMSInternalException",
        "CloudHsmClusterNotActiveException",
        "CloudHsmClusterInvalidConfigurationException",
        "XksProxyUriInUseException",
        "XksProxyUriEndpointInUseException",
        "XksProxyUriUnreachableException",
        "XksProxyIncorrectAuthenticationCredentialException",
        "XksProxyVpcEndpointServiceInUseException",
        "XksProxyVpcEndpointServiceNotFoundException",
        "XksProxyVpcEndpointServiceInvalidConfigurationException",
        "XksProxyInvalidResponseException",
        "XksProxyInvalidConfigurationException",
    ];
    type Service = Kms;
    type Input = UpdateCustomKeyStoreInput;
    type Output = Nothing;
    type Target = AnyResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<AnyResource> {
        Ok(AnyResource)
    }

    async fn run(
        _: &mut Context<'_>,
        _: Authorized<AnyResource>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        custom_key_store::unsupported()
    }
}
