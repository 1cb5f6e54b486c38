//! Before a handler runs: the caller, what the route asks of it, and the database that the headers name.

use std::sync::Arc;

use atomicbase_core::{Caller, Code, Problem, Scope, Subject, shown, unauthenticated};
use atomicbase_http::{Failure, Intake, of_tenant};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use directory::DatabaseRecord;

use crate::Gateway;
use crate::rate::Limited;

/// Lets a key with the scope pass.
pub(crate) async fn require_key(
    State((gateway, scope)): State<(Arc<Gateway>, Scope)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let key = gateway.authenticate(request.headers()).await?;
    gateway.count_for_key(&key)?;
    let caller = gateway.act_as(&key, request.headers()).await?.unwrap_or(key);
    caller.require(scope)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Lets a caller with a path to the named database pass.
pub(crate) async fn require_database(
    State(gateway): State<Arc<Gateway>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let key = gateway.authenticate(request.headers()).await?;
    // The key's own scope counts also where it acts for somebody else.
    if key != Caller::Anonymous {
        gateway.count_for_key(&key)?;
        key.require(Scope::Data)?;
    }
    let acting = gateway.act_as(&key, request.headers()).await?;
    let database = match acting.as_ref().unwrap_or(&key) {
        Caller::Anonymous => gateway.open_database(request.headers()).await?,
        caller => gateway.database(caller, request.headers()).await?,
    };
    gateway.count_for_tenant(&database, &key)?;
    let caller = acting.unwrap_or(key);
    // The record of a database that is asked for often stays where it is.
    let tenant = Arc::as_ptr(&database).addr();
    let extensions = request.extensions_mut();
    if let Some(intake) = extensions.get_mut::<Intake>() {
        intake.of_tenant(tenant);
    }
    extensions.insert(caller);
    extensions.insert(database);
    let mut response = next.run(request).await;
    of_tenant(&mut response, tenant);
    Ok(response)
}

impl Gateway {
    /// Refuses a key that is used more often than keys may be, whatever it asks for and whoever it acts as.
    fn count_for_key(&self, caller: &Caller) -> Result<(), Problem> {
        let (Some(keys), Caller::Key { id, .. }) = (&self.key_rate, caller) else { return Ok(()) };
        let taken = keys.take(id, self.clock.monotonic());
        taken.map_err(|too_early| Limited::Key.refuse(keys.rate(), too_early))
    }

    /// Refuses a request to a tenant that is asked more often than tenants may be. It does not count for its key then: else a busy
    /// tenant would use up the key that all tenants are reached with.
    fn count_for_tenant(&self, database: &DatabaseRecord, key: &Caller) -> Result<(), Problem> {
        let Some(tenants) = &self.tenant_rate else { return Ok(()) };
        tenants.take(&database.id, self.clock.monotonic()).map_err(|too_early| {
            if let (Some(keys), Caller::Key { id, .. }) = (&self.key_rate, key) {
                keys.put_back(id);
            }
            Limited::Tenant.refuse(tenants.rate(), too_early)
        })
    }

    /// The database that the request is about, if the caller reaches it.
    async fn database(&self, caller: &Caller, headers: &HeaderMap) -> Result<Arc<DatabaseRecord>, Problem> {
        let bound = caller.bound_database();
        let wanted = named(headers)?.or(bound.map(|id| id.as_str())).ok_or_else(|| {
            Problem::new(Code::DatabaseRequired, "The request names no database.")
                .hint("Send `Database: <id or name>`.")
        })?;
        let found = self.directory.find_database(wanted).await?;
        // A database out of reach answers exactly as one that does not exist.
        found.filter(|record| bound.is_none_or(|id| *id == record.id)).ok_or_else(|| {
            Problem::new(Code::DatabaseNotFound, format!("There is no database `{}`.", shown(wanted)))
                .hint("Send the id or name of a database as the `Database` header.")
        })
    }

    /// The database that the request is about, if its policies give anything to nobody in particular. What such a caller may not see
    /// is answered as what does not exist, so that it learns of no database.
    async fn open_database(&self, headers: &HeaderMap) -> Result<Arc<DatabaseRecord>, Problem> {
        if let Some(wanted) = named(headers)?
            && let Some(record) = self.directory.find_database(wanted).await?
            && self.is_open_to_anonymous(&record).await?
        {
            return Ok(record);
        }
        Err(unauthenticated())
    }

    /// Whether the policies name the role of those who have none, at the version that a request finds.
    async fn is_open_to_anonymous(&self, record: &DatabaseRecord) -> Result<bool, Problem> {
        let template = self.directory.find_template(record.template.as_str()).await?;
        // Opening moves the database to the released version, unless its data has refused that.
        let released =
            template.filter(|_| record.set_aside.is_none()).map_or(0, |template| template.released);
        let version = released.max(record.version);
        let version = self.directory.find_version(record.template.as_str(), version).await?;
        let mut tables = version.template.policies.iter().flat_map(|policies| policies.0.values());
        Ok(tables.any(|roles| roles.contains_key(Subject::ANONYMOUS)))
    }
}

/// What the `Database` header says.
fn named(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all("database").iter();
    let named = values.next().map(|value| value.to_str().unwrap_or_default());
    match values.next() {
        None => Ok(named),
        Some(_) => {
            Err(Problem::new(Code::InvalidQuery, "The request carries more than one `Database` header."))
        }
    }
}
