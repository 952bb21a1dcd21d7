//! *DHT Service with Metrics*: timers with labels, hits and misses, gauges in fields.

use std::{collections::HashMap, sync::Mutex};

use runar_otel_testing::{Metrics as _, Recorder, assert_metric};

use super::runar_node;

/// What the document leaves out: a storage in memory.
#[derive(Default)]
struct DHTStorage {
    values: Mutex<HashMap<(String, String), Vec<u8>>>,
}

struct Statistics {
    size_bytes: usize,
    replication_factor: u32,
}

impl DHTStorage {
    async fn get(&self, network: &str, key: String) -> Result<Option<Vec<u8>>> {
        let values = self.values.lock().unwrap();
        Ok(values.get(&(network.to_owned(), key)).cloned())
    }

    async fn put(
        &self,
        network: &str,
        key: String,
        value: Vec<u8>,
        _ttl: Option<Duration>,
    ) -> Result<()> {
        let mut values = self.values.lock().unwrap();
        values.insert((network.to_owned(), key), value);
        Ok(())
    }

    async fn get_statistics(&self, network: &str) -> Result<Statistics> {
        let values = self.values.lock().unwrap();
        let of_network = values.iter().filter(|((of, _), _)| of == network);
        Ok(Statistics {
            size_bytes: of_network.map(|(_, value)| value.len()).sum(),
            replication_factor: 3,
        })
    }
}

// ---- the document
use runar_node::dht::prelude::*;

#[dht_service]
#[metrics]
struct DHTService {
    #[inject]
    storage: DHTStorage,
    
    #[metric_field]
    storage_size: Gauge,
    
    #[metric_field]
    replication_factor: Gauge,
}

impl DHTService {
    // Get operation with metrics
    #[action]
    #[metered(name = "dht_get")]
    async fn get_value(&self, context: &RequestContext, key: String) -> Result<Option<Vec<u8>>> {
        // Network ID from context
        let network_id = context.network_id();
        
        // Record DHT operation
        let _operation = metrics::timer!("dht_operation", labels: {
            "operation" => "get",
            "network" => network_id
        });
        
        // Implementation...
        let result = self.storage.get(network_id, key.clone()).await?;
        
        // Record hit/miss
        if result.is_some() {
            metrics::increment!("dht_hits", labels: {"network" => network_id});
        } else {
            metrics::increment!("dht_misses", labels: {"network" => network_id});
        }
        
        Ok(result)
    }
    
    // Put operation with metrics
    #[action]
    #[metered(name = "dht_put")]
    async fn put_value(&self, context: &RequestContext, key: String, value: Vec<u8>, ttl: Option<Duration>) -> Result<()> {
        let network_id = context.network_id();
        
        // Record value size
        metrics::observe!("dht_value_size_bytes", value: value.len() as f64, labels: {
            "network" => network_id
        });
        
        // Implementation...
        self.storage.put(network_id, key, value, ttl).await?;
        
        // Update storage size metric
        self.update_storage_metrics(network_id).await;
        
        Ok(())
    }
    
    // Internal method to update storage metrics
    async fn update_storage_metrics(&self, network_id: &str) {
        if let Ok(stats) = self.storage.get_statistics(network_id).await {
            self.storage_size.set_with(stats.size_bytes as f64, &[("network", network_id)]);
            self.replication_factor.set_with(stats.replication_factor as f64, &[("network", network_id)]);
        }
    }
}
// ----

#[tokio::test]
async fn hits_misses_sizes_and_operations_are_recorded_per_network() {
    let recorder = Recorder::new();
    let context = RequestContext::new("main");
    recorder
        .run_async(async {
            let service = DHTService {
                storage: DHTStorage::default(),
                storage_size: Gauge::new("dht_storage_size_bytes", "Bytes in storage").register(),
                replication_factor: Gauge::new("dht_replication_factor", "Copies").register(),
            };
            let put = service.put_value(&context, "key".to_owned(), vec![0; 5], None);
            put.await.unwrap();
            let hit = service.get_value(&context, "key".to_owned());
            assert_eq!(hit.await.unwrap(), Some(vec![0; 5]));
            let miss = service.get_value(&context, "other".to_owned());
            assert_eq!(miss.await.unwrap(), None);
        })
        .await;
    assert_metric!(recorder, "dht_operation", {"operation" => "get", "network" => "main"}, count == 2);
    assert_metric!(recorder, "dht_hits", {"network" => "main"}, == 1);
    assert_metric!(recorder, "dht_misses", {"network" => "main"}, == 1);
    assert_metric!(recorder, "dht_value_size_bytes", {"network" => "main"}, sum == 5);
    assert_metric!(recorder, "dht_storage_size_bytes", {"network" => "main"}, == 5);
    assert_metric!(recorder, "dht_replication_factor", {"network" => "main"}, == 3);
    for (metric, times) in [("dht_get_requests_total", 2.0), ("dht_put_requests_total", 1.0)] {
        let labels = [("service", "DHTService"), ("outcome", "ok")];
        assert_eq!(recorder.counter(metric, &labels), Some(times), "{metric}");
    }
}
