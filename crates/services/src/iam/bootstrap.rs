//! The first start: a management account, its user `admin`, one access key.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_crypto::Random;
use strongroom_store::{Mode, Store, StoreError};
use strongroom_types::{AccountId, Region, Sensitive};
use zeroize::Zeroizing;

use super::{
    managed_policies, names,
    principals::{self, Found},
    record::{AccessKey, Account, AttachedTo, Deployment, PolicyAttachment, User},
};
use crate::{
    context::{Home, Services},
    tables::{AccessKeys, Accounts, Deployments, PolicyAttachments, Users},
};

const ADMIN: &str = "admin";
/// Access keys read at a time.
const PAGE: usize = 100;
/// Attempts against other processes that start at the same moment.
const ATTEMPTS: u32 = 8;

/// The access key of the management account's `admin`.
#[derive(Debug)]
pub struct AdminKey {
    /// The management account.
    pub account: AccountId,
    /// `AKIA…`
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: Sensitive<String>,
}

/// Makes the management account at the first start and returns `admin`'s new
/// access key; nothing if the deployment exists already.
///
/// `account` is the number to use; absent draws one.
///
/// # Errors
/// When the store fails.
pub async fn bootstrap(
    services: &Services,
    account: Option<AccountId>,
) -> Result<Option<AdminKey>, StoreError> {
    for _ in 0..ATTEMPTS {
        match attempt(services, account).await {
            Err(StoreError::Conflict) => {}
            other => return other,
        }
    }
    Err(StoreError::Conflict)
}

/// The partition that the deployment was made in; nothing if it is not made
/// yet.
///
/// # Errors
/// When the store fails.
pub async fn partition(store: &Store) -> Result<Option<String>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let deployment = tx.get::<Deployments>(&(0,)).await?;
    Ok(deployment.map(|deployment| deployment.partition))
}

/// The management account, where global services are; nothing if the deployment
/// is not made yet.
///
/// # Errors
/// When the store fails.
pub async fn management_home(services: &Services) -> Result<Option<Home>, StoreError> {
    let mut tx = services.store.begin(Mode::Read).await?;
    let deployment = tx.get::<Deployments>(&(0,)).await?;
    let account = deployment.and_then(|it| AccountId::new(it.management_account));
    Ok(account.map(|account| Home {
        partition: services.partition,
        account,
        region: Region::US_EAST_1,
    }))
}

/// The first active access key of the management account's `admin`; nothing
/// if there is none any more.
///
/// # Errors
/// When the store fails.
pub async fn admin_key(services: &Services) -> Result<Option<AdminKey>, StoreError> {
    let mut tx = services.store.begin(Mode::Read).await?;
    let Some(deployment) = tx.get::<Deployments>(&(0,)).await? else {
        return Ok(None);
    };
    let mut after = None;
    loop {
        let page = tx.range::<AccessKeys>((), after.as_ref(), PAGE).await?;
        let admin = page.iter().find(|(_, key)| {
            key.active && key.account == deployment.management_account && key.user_name == ADMIN
        });
        if let (Some(((id,), key)), Some(account)) =
            (admin, AccountId::new(deployment.management_account))
        {
            return Ok(Some(AdminKey {
                account,
                access_key_id: id.clone(),
                secret_access_key: Sensitive::new(key.secret.clone()),
            }));
        }
        match page.into_iter().last() {
            Some((last, _)) => after = Some(last),
            None => return Ok(None),
        }
    }
}

async fn attempt(
    services: &Services,
    account: Option<AccountId>,
) -> Result<Option<AdminKey>, StoreError> {
    let random = services.random.as_ref();
    let created_ms = services.clock.now().as_millisecond();
    let mut tx = services.store.begin(Mode::Write).await?;
    if tx.get::<Deployments>(&(0,)).await?.is_some() {
        return Ok(None);
    }
    let account = account.unwrap_or_else(|| draw_account(random));
    let key = AdminKey {
        account,
        access_key_id: names::draw(random, "AKIA", 16),
        secret_access_key: draw_secret(random),
    };
    tx.put::<Deployments>(
        &(0,),
        &Deployment {
            management_account: account.number(),
            created_ms,
            partition: services.partition.to_string(),
        },
    )?;
    tx.put::<Accounts>(
        &(account,),
        &Account {
            created_ms,
            ..Account::default()
        },
    )?;
    let administrator = managed_policies::administrator_access(services.partition.as_str());
    let admin = User {
        name: ADMIN.to_owned(),
        path: "/".to_owned(),
        id: names::draw(random, "AIDA", 17),
        created_ms,
        attached_policies: vec![administrator.clone()],
        inline_policies: Vec::new(),
        access_key_ids: vec![key.access_key_id.clone()],
        ..User::default()
    };
    let attachment = (
        account,
        administrator,
        AttachedTo::User as u8,
        ADMIN.to_owned(),
    );
    tx.put::<PolicyAttachments>(&attachment, &PolicyAttachment {})?;
    tx.put::<Users>(&(account, ADMIN.to_owned()), &admin)?;
    principals::remember(&mut tx, account, &Found::User(account, admin))?;
    tx.put::<AccessKeys>(
        &(key.access_key_id.clone(),),
        &AccessKey {
            account: account.number(),
            user_name: ADMIN.to_owned(),
            secret: key.secret_access_key.expose().clone(),
            active: true,
            created_ms,
        },
    )?;
    tx.commit(Vec::new()).await?;
    Ok(Some(key))
}

/// Twelve digits, the first not zero so that no tool drops it.
pub(crate) fn draw_account(random: &dyn Random) -> AccountId {
    let digits = (0..12).fold(0, |number, place| {
        let digit = if place == 0 {
            1 + random.below(9)
        } else {
            random.below(10)
        };
        number * 10 + u64::from(digit)
    });
    AccountId::new(digits).unwrap_or_else(|| draw_account(random))
}

/// Forty characters of base 64, as AWS's are: 240 random bits.
pub(super) fn draw_secret(random: &dyn Random) -> Sensitive<String> {
    let mut bytes = Zeroizing::new([0; 30]);
    random.fill(bytes.as_mut());
    Sensitive::new(BASE64_STANDARD.encode(bytes.as_ref()))
}
