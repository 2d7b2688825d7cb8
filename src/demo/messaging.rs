//! Messages: a producer's span now, a consumer's some time later, in the same trace or linked from one of its own.

use super::call::Call;
use super::instrumentation::Subject;
use super::scene::{Opening, Parent, SpanKind};
use super::services::Service;
use super::value::attribute;

/// A queue or topic.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) system: &'static str,
    pub(super) destination: &'static str,
    /// How the producer's instrumentation names its spans, and how the consumer's does.
    pub(super) producer_span: &'static str,
    pub(super) consumer_span: &'static str,
    pub(super) consumer: Service,
    /// How long a message usually waits, in milliseconds.
    pub(super) wait_ms: f64,
}

impl Call<'_> {
    /// Publishes a message whose consumer goes on in the same trace, on its own time.
    pub(super) fn publish(&mut self, topic: &Topic, consume: impl FnOnce(&mut Call)) {
        self.send(topic, |producer, message| {
            let mut consumer =
                producer.arrive(topic.consumer, topic.consumer_span.to_owned(), SpanKind::Consumer, Subject::Messaging);
            consumer.describe_message(topic, "process", message);
            consume(&mut consumer);
            consumer.close();
        });
    }

    /// Publishes a message whose consumer begins a trace of its own, with a link to the producer.
    pub(super) fn announce(&mut self, topic: &Topic, consume: impl FnOnce(&mut Call)) {
        self.send(topic, |producer, message| {
            let (start, link) = (producer.now, producer.context.link());
            let process = producer.scene.instance_of(topic.consumer, start);
            let mut consumer = producer.scene.open(Opening {
                process,
                parent: Parent::None,
                name: topic.consumer_span.to_owned(),
                kind: SpanKind::Consumer,
                subject: Subject::Messaging,
                start,
            });
            let mut link = link;
            link.attributes = vec![attribute("messaging.message.id", message)];
            consumer.scene.span(consumer.index).links.push(link);
            consumer.describe_message(topic, "process", message);
            consume(&mut consumer);
            consumer.close();
        });
    }

    /// Opens and closes the producer's span, and delivers the message after it waited in the queue.
    fn send(&mut self, topic: &Topic, deliver: impl FnOnce(&mut Call, &str)) {
        let message = self.random().uuid();
        let mut producer = self.begin(topic.producer_span.to_owned(), SpanKind::Producer, Subject::Messaging);
        producer.describe_message(topic, "send", &message);
        producer.work(1.2);
        producer.detached(|producer| {
            producer.work(topic.wait_ms);
            deliver(producer, &message);
        });
        self.now = producer.close();
    }

    fn describe_message(&mut self, topic: &Topic, operation: &str, message: &str) {
        self.set("messaging.system", topic.system);
        self.set("messaging.destination.name", topic.destination);
        self.set("messaging.operation.type", operation);
        self.set("messaging.message.id", message);
        if topic.system == "kafka" {
            let (partition, offset) = (self.random().between(0, 5), self.random().between(40_000, 90_000));
            self.set("messaging.destination.partition.id", partition.to_string());
            self.set("messaging.kafka.offset", offset);
        }
    }
}
