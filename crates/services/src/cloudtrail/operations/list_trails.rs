use strongroom_store::Mode;
use strongroom_types::Arn;

use crate::{
    authorize::{Authorized, NoResource},
    cloudtrail::{CloudTrail, error::Result, trail},
    context::Context,
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the one trail there is.
///
/// Source: CloudTrail API Reference, ListTrails.
pub struct ListTrails;

/// Which page.
#[derive(Input)]
pub struct ListTrailsInput {
    /// Where the page begins. Every list is one page, so none is ever given,
    /// and AWS declares no error for one that was not.
    #[shape(unrecorded)]
    pub next_token: Option<String>,
}

/// All there are.
#[derive(Output)]
pub struct ListTrailsOutput {
    /// The trails.
    pub trails: Option<Vec<TrailInfo>>,
    /// Asks for the next page, if there is one.
    pub next_token: Option<String>,
}

/// A trail in a list.
#[derive(Output)]
pub struct TrailInfo {
    /// Its ARN.
    #[shape(name = "TrailARN")]
    pub trail_arn: Option<Arn>,
    /// Its name.
    pub name: Option<String>,
    /// Its home Region.
    pub home_region: Option<String>,
}

impl Operation for ListTrails {
    const NAME: &'static str = "ListTrails";
    const ACTION: &'static str = "cloudtrail:ListTrails";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "UnsupportedOperationException",
        "OperationNotPermittedException",
    ];
    type Service = CloudTrail;
    type Input = ListTrailsInput;
    type Output = ListTrailsOutput;
    type Target = NoResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<NoResource> {
        Ok(NoResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<NoResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        // Past the only page there is nothing.
        let first = input.next_token.is_none();
        let trail = || TrailInfo {
            trail_arn: Some(trail::arn(&cx.home())),
            name: Some(trail::NAME.to_owned()),
            home_region: Some(trail::HOME.to_string()),
        };
        Ok(ListTrailsOutput {
            trails: Some(first.then(trail).into_iter().collect()),
            next_token: None,
        })
    }
}
