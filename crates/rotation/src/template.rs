use crate::{
    AlternatingUsers, Call, Engine as _, Environment, Home, MariaDb, MySql, PasswordRules,
    PostgreSql, Redis, RedisUser, SingleUser, Step, StepError, engine::PASSWORD_LENGTH, redis, run,
};

/// The rotation functions that exist everywhere, by the names of AWS's
/// templates.
///
/// Source: Secrets Manager User Guide, "AWS Secrets Manager rotation function
/// templates".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// An ACL user of Redis or Valkey.
    ElasticacheUser,
    /// MariaDB, alternating users.
    MariaDbMultiUser,
    /// MariaDB, single user.
    MariaDbSingleUser,
    /// MySQL, alternating users.
    MySqlMultiUser,
    /// MySQL, single user.
    MySqlSingleUser,
    /// PostgreSQL, alternating users.
    PostgreSqlMultiUser,
    /// PostgreSQL, single user.
    PostgreSqlSingleUser,
}

impl Template {
    /// All of them, by name.
    pub const ALL: [Self; 7] = [
        Self::ElasticacheUser,
        Self::MariaDbMultiUser,
        Self::MariaDbSingleUser,
        Self::MySqlMultiUser,
        Self::MySqlSingleUser,
        Self::PostgreSqlMultiUser,
        Self::PostgreSqlSingleUser,
    ];

    /// AWS's name of it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ElasticacheUser => "SecretsManagerElasticacheUserRotation",
            Self::MariaDbMultiUser => "SecretsManagerRDSMariaDBRotationMultiUser",
            Self::MariaDbSingleUser => "SecretsManagerRDSMariaDBRotationSingleUser",
            Self::MySqlMultiUser => "SecretsManagerRDSMySQLRotationMultiUser",
            Self::MySqlSingleUser => "SecretsManagerRDSMySQLRotationSingleUser",
            Self::PostgreSqlMultiUser => "SecretsManagerRDSPostgreSQLRotationMultiUser",
            Self::PostgreSqlSingleUser => "SecretsManagerRDSPostgreSQLRotationSingleUser",
        }
    }

    /// The template of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|template| template.name() == name)
    }

    /// What it does, in AWS's words.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::ElasticacheUser => "Rotates the password of a user of Redis or Valkey",
            Self::MariaDbMultiUser => {
                "Conducts an AWS SecretsManager secret rotation for RDS MariaDB using the multi \
                 user rotation scheme"
            }
            Self::MariaDbSingleUser => {
                "Conducts an AWS SecretsManager secret rotation for RDS MariaDB using single user \
                 rotation scheme"
            }
            Self::MySqlMultiUser => {
                "Conducts an AWS SecretsManager secret rotation for RDS MySQL using the multi \
                 user rotation scheme"
            }
            Self::MySqlSingleUser => {
                "Conducts an AWS SecretsManager secret rotation for RDS MySQL using single user \
                 rotation scheme"
            }
            Self::PostgreSqlMultiUser => {
                "Conducts an AWS SecretsManager secret rotation for RDS PostgreSQL using the \
                 multi user rotation scheme"
            }
            Self::PostgreSqlSingleUser => {
                "Conducts an AWS SecretsManager secret rotation for RDS PostgreSQL using single \
                 user rotation scheme"
            }
        }
    }

    /// Whether it reads a superuser's secret.
    #[must_use]
    pub fn reads_master(self) -> bool {
        match self {
            Self::ElasticacheUser
            | Self::MariaDbMultiUser
            | Self::MySqlMultiUser
            | Self::PostgreSqlMultiUser => true,
            Self::MariaDbSingleUser | Self::MySqlSingleUser | Self::PostgreSqlSingleUser => false,
        }
    }

    /// Whether it reads how long a user name may be.
    pub(crate) fn reads_username_limit(self) -> bool {
        self == Self::MySqlMultiUser
    }

    /// What new passwords are like under this environment.
    #[must_use]
    pub fn password_rules(self, environment: &Environment) -> PasswordRules {
        let (length, exclude_characters) = match self {
            Self::ElasticacheUser => (redis::PASSWORD_LENGTH, Redis::EXCLUDE_CHARACTERS),
            Self::MariaDbMultiUser | Self::MariaDbSingleUser => {
                (PASSWORD_LENGTH, MariaDb::EXCLUDE_CHARACTERS)
            }
            Self::MySqlMultiUser | Self::MySqlSingleUser => {
                (PASSWORD_LENGTH, MySql::EXCLUDE_CHARACTERS)
            }
            Self::PostgreSqlMultiUser | Self::PostgreSqlSingleUser => {
                (PASSWORD_LENGTH, PostgreSql::EXCLUDE_CHARACTERS)
            }
        };
        environment.password_rules(length, exclude_characters)
    }

    /// Runs one step of it.
    ///
    /// # Errors
    /// [`StepError`].
    pub async fn run<H: Home>(self, step: Step, call: &Call<'_, H>) -> Result<(), StepError> {
        match self {
            Self::ElasticacheUser => run(&RedisUser, step, call).await,
            Self::MariaDbMultiUser => run(&AlternatingUsers::<MariaDb>::new(), step, call).await,
            Self::MariaDbSingleUser => run(&SingleUser::<MariaDb>::new(), step, call).await,
            Self::MySqlMultiUser => run(&AlternatingUsers::<MySql>::new(), step, call).await,
            Self::MySqlSingleUser => run(&SingleUser::<MySql>::new(), step, call).await,
            Self::PostgreSqlMultiUser => {
                run(&AlternatingUsers::<PostgreSql>::new(), step, call).await
            }
            Self::PostgreSqlSingleUser => run(&SingleUser::<PostgreSql>::new(), step, call).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_template_is_found_by_its_name() {
        for template in Template::ALL {
            assert_eq!(Template::named(template.name()), Some(template));
        }
        assert!(Template::ALL.is_sorted_by_key(|template| template.name()));
        assert_eq!(Template::named("SecretsManagerRotationTemplate"), None);
    }
}
