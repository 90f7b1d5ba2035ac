use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, pages::page, place::Place},
    operation::Operation,
    shape::{Input, Nothing, Output},
};

/// Lists the account's server certificates under a path: no account here has any.
///
/// Source: IAM API Reference, ListServerCertificates.
pub struct ListServerCertificates;

/// What is asked.
#[derive(Input)]
pub struct ListServerCertificatesInput {
    /// Only what is under this path; `/` when absent.
    #[shape(length(1, 512), pattern(r"\u002F[\u0021-\u007F]*"))]
    pub path_prefix: Option<String>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// The empty list.
#[derive(Output)]
pub struct ListServerCertificatesOutput {
    /// None.
    pub server_certificate_metadata_list: Vec<Nothing>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListServerCertificates {
    const NAME: &'static str = "ListServerCertificates";
    const ACTION: &'static str = "iam:ListServerCertificates";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["ServiceFailureException"];
    type Service = Iam;
    type Input = ListServerCertificatesInput;
    type Output = ListServerCertificatesOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        Ok(Place::listing(
            cx,
            "server-certificate",
            input.path_prefix.as_deref(),
        ))
    }

    async fn run(
        _: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let page = page(
            Vec::<String>::new(),
            String::clone,
            input.marker.as_deref(),
            input.max_items,
        )?;
        Ok(ListServerCertificatesOutput {
            server_certificate_metadata_list: Vec::new(),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
