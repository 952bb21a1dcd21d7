//! *Automatic P2P Metrics*: prefixes of methods, names, gauges per network.

use runar_otel_testing::{Recorder, assert_metric};

use super::runar_node;

/// What the document leaves out: a transport and a DHT that answer.
struct P2PTransport;
struct DHTService;
struct PeerInfo;
struct Message {
    text: String,
}
struct BroadcastStats {
    successful_deliveries: u64,
    total_targets: u64,
}

impl P2PTransport {
    async fn discover_peers(&self, network: &str) -> Result<Vec<PeerInfo>> {
        if network.is_empty() {
            return Err("a network has an id".into());
        }
        Ok(vec![PeerInfo, PeerInfo])
    }

    async fn broadcast(&self, _network: String, message: Message) -> Result<BroadcastStats> {
        Ok(BroadcastStats {
            successful_deliveries: 3,
            total_targets: 4 + u64::from(message.text.is_empty()),
        })
    }
}

impl DHTService {
    async fn put(&self, network: &str, key: String, value: Vec<u8>) -> Result<()> {
        if key.is_empty() || value.is_empty() {
            return Err(format!("nothing to store in {network}").into());
        }
        Ok(())
    }
}

impl Message {
    fn size(&self) -> usize {
        self.text.len()
    }
}

// ---- the document
use runar_node::p2p::prelude::*;

// P2P service with automatic metrics
#[p2p_service]
#[metrics(prefix = "p2p_")]
struct P2PService {
    #[inject]
    transport: P2PTransport,
    
    #[inject]
    dht: DHTService,
}

impl P2PService {
    // DHT operation with automatic metrics
    #[dht_operation]
    #[metered(
        prefix = "dht_",
        buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5]
    )]
    async fn store_value(&self, context: &RequestContext, key: String, value: Vec<u8>) -> Result<()> {
        // Network ID is automatically retrieved from context
        let network_id = context.network_id();
        
        // Store the value in DHT
        self.dht.put(network_id, key, value).await
    }
    
    // Peer discovery with metrics
    #[action]
    #[metered(name = "peer_discovery")]
    async fn discover_peers(&self, context: &RequestContext, network_id: String) -> Result<Vec<PeerInfo>> {
        let start = Instant::now();
        
        // Discover peers
        let peers = self.transport.discover_peers(&network_id).await?;
        
        // Record peer count
        metrics::set!("discovered_peers_count", value: peers.len() as f64, labels: {
            "network" => network_id
        });
        
        Ok(peers)
    }
    
    // Message broadcasting with metrics
    #[action]
    #[metered(name = "broadcast")]
    async fn broadcast_message(&self, context: &RequestContext, network_id: String, message: Message) -> Result<BroadcastStats> {
        // Implementation...
        
        // Record message size
        metrics::observe!("message_size_bytes", value: message.size() as f64);
        
        // Broadcast is automatically metered
        let stats = self.transport.broadcast(network_id, message).await?;
        
        // Record delivery stats
        metrics::set!("message_delivery_ratio", value: stats.successful_deliveries as f64 / stats.total_targets as f64);
        
        Ok(stats)
    }
}
// ----

#[tokio::test]
async fn a_method_s_prefix_replaces_that_of_the_struct() {
    let recorder = Recorder::new();
    let service = P2PService {
        transport: P2PTransport,
        dht: DHTService,
    };
    let context = RequestContext::new("main");
    recorder
        .run_async(async {
            let stored = service.store_value(&context, "key".to_owned(), vec![1]);
            stored.await.unwrap();
            let peers = service.discover_peers(&context, "main".to_owned());
            assert_eq!(peers.await.unwrap().len(), 2);
            let peers = service.discover_peers(&context, String::new());
            assert!(peers.await.is_err());
            let message = Message { text: "hello".to_owned() };
            let stats = service.broadcast_message(&context, "main".to_owned(), message);
            assert_eq!(stats.await.unwrap().total_targets, 4);
        })
        .await;
    let service = "P2PService";
    assert_metric!(recorder, "dht_action_requests_total", {"service" => service, "action" => "store_value", "outcome" => "ok"}, == 1);
    assert_metric!(recorder, "p2p_peer_discovery_requests_total", {"service" => service, "action" => "discover_peers", "outcome" => "ok"}, == 1);
    assert_metric!(recorder, "p2p_peer_discovery_errors_total", {"service" => service}, == 1);
    assert_metric!(recorder, "p2p_broadcast_duration_seconds", {"outcome" => "ok"}, count == 1);
    assert_metric!(recorder, "discovered_peers_count", {"network" => "main"}, == 2);
    assert_metric!(recorder, "message_size_bytes", {}, sum == 5);
    assert_metric!(recorder, "message_delivery_ratio", {}, == 0.75);
    assert_metric!(recorder, "p2p_service_requests_total", {"service" => service, "outcome" => "ok"}, == 3);
}
