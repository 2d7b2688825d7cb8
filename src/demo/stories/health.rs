//! The kubelet asks a service whether it is alive: tiny traces of one span, as most shops have by the thousand.

use crate::demo::http::{Http, Visitor};
use crate::demo::scene::Scene;
use crate::demo::services::Service;

const KUBELET: Visitor = Visitor { address: "10.42.0.1", user_agent: "kube-probe/1.34" };

pub(super) fn probe(scene: &mut Scene) {
    let service = scene.random.pick(&Service::ALL);
    scene.visit(service, KUBELET, &Http::get("/healthz"), |server| server.work(0.3));
}
