//! Methods, of traits and of types, keep their signatures, and what becomes of them is clean under strict lints.

#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    let_underscore_drop,
    unused,
    rust_2018_idioms,
    unsafe_op_in_unsafe_fn,
    clippy::all,
    clippy::pedantic
)]

use std::{fmt::Display, future::Future, io, sync::Arc};

use runar_otel_macros::metered;

use crate::shapes::{Boxed, Result, question};

/// A service.
#[derive(Debug, Default)]
pub(crate) struct Orders<T = u8> {
    last: T,
}

impl<T: Copy + Send + Sync + Display> Orders<T> {
    const LIMIT: usize = 5;

    #[metered(labels = ["name"])]
    pub(crate) async fn read(&self, name: &str) -> Result<T> {
        question(name).await?;
        Ok(self.last)
    }

    #[metered]
    pub(crate) fn write(&mut self, value: T) -> &mut Self {
        self.last = value;
        self
    }

    #[metered]
    pub(crate) async fn shared(self: Arc<Self>) -> T {
        self.last
    }

    #[metered]
    pub(crate) fn taken(mut self, value: T) -> Self {
        self.last = value;
        self
    }

    #[metered]
    pub(crate) fn limit() -> String {
        format!("{}", Self::LIMIT)
    }

    #[metered]
    pub(crate) fn boxed(&self) -> Boxed<'_, T> {
        Box::pin(async move { self.last })
    }

    /// Attributes stay: this one is not compiled at all.
    #[cfg(any())]
    #[metered]
    pub(crate) fn not_there(&self) -> Missing {}
}

/// A trait whose default method is metered.
pub(crate) trait Store {
    /// Its name.
    fn name(&self) -> String;

    /// A default body.
    #[metered]
    fn shout(&self) -> String {
        self.name().to_uppercase()
    }

    /// One that is async.
    fn read(&self, key: &str) -> impl Future<Output = Result<String>> + Send;
}

impl Store for Orders {
    #[metered]
    fn name(&self) -> String {
        self.last.to_string()
    }

    #[metered]
    async fn read(&self, key: &str) -> Result<String> {
        question(key).await?;
        Ok(self.name())
    }
}

/// A trait with boxed futures.
#[async_trait::async_trait]
pub(crate) trait Remote {
    /// With a default body.
    #[metered(labels = ["key"])]
    async fn fetch(&self, key: String) -> Result<u64> {
        question(&key).await
    }

    /// Without one.
    async fn store(&self, key: &str, value: Option<u8>) -> Result<()>;
}

#[async_trait::async_trait]
impl<T: Send + Sync> Remote for Orders<T> {
    #[metered(labels = ["key"], fields(%key))]
    #[allow(clippy::option_if_let_else)]
    async fn store(&self, key: &str, mut value: Option<u8>) -> Result<()> {
        question(key).await?;
        let Some(_) = value.take() else {
            return Err(io::Error::other("nothing"));
        };
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_do_what_they_did() -> Result<()> {
    let mut orders = Orders::default();
    orders.write(5).write(6);
    assert_eq!(orders.read("1").await? + orders.boxed().await, 12);
    assert_eq!(Store::read(&orders, "1").await? + &orders.shout(), "66");
    assert_eq!(orders.fetch("3".to_owned()).await?, 3);
    orders.store("3", Some(1)).await?;
    assert!(orders.store("3", None).await.is_err());
    assert_eq!(Orders::<u8>::limit(), "5");
    let orders = orders.taken(7);
    let task = tokio::spawn(Arc::new(orders).shared());
    assert_eq!(task.await.map_err(io::Error::other)?, 7);
    Ok(())
}
