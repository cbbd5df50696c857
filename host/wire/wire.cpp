// host/wire/wire.cpp - one flow a message, step by step, each step a call by name.
#include "host/wire/wire.hpp"

#include <utility>

namespace host::wire {

struct Wire::Flow {
  std::uint64_t delivery = 0;
  std::uint64_t began_ns = 0;
  std::size_t step = 0;
  Documents documents;
};

namespace {

// Worth another try: nothing about the message itself is wrong.
bool passing(bp_status code) noexcept {
  return code == BP_E_BUSY || code == BP_E_FULL || code == BP_E_UNAVAILABLE ||
         code == BP_E_ABANDONED || code == BP_E_TIMEOUT || code == BP_E_WOULD_BLOCK ||
         code == BP_E_NOT_FOUND;
}

const schema::Table* request_of(const schema::Schema* schema, const std::string& method) {
  const schema::Method* known = schema == nullptr ? nullptr : schema->method(method);
  return known == nullptr ? nullptr : known->request;
}

}  // namespace

Wire::Wire(const manifest::Wire& wire,
           const std::vector<std::shared_ptr<const schema::Schema>>& schemas,
           registry::ChannelEntry from, exchange::Exchange& exchange, log::Logger logger)
    : name_(wire.from),
      schemas_(schemas),
      from_(std::move(from)),
      exchange_(exchange),
      logger_(logger) {
  const bool typed = from_.channel->settings().type != "json";
  for (std::size_t i = 0; i < wire.steps.size(); ++i) {
    const manifest::Step& step = wire.steps[i];
    const schema::Schema* schema = i < schemas.size() ? schemas[i].get() : nullptr;
    steps_.push_back({step.service + "/" + std::to_string(step.major), step.method, step.out,
                      Mapping(step.map, request_of(schema, step.method), typed)});
    name_ += " > " + step.service + "." + step.method;
  }
}

Wire::~Wire() = default;

void Wire::start() {
  strand_ = exchange_.runtime().make_strand([weak = weak_from_this()] {
    const auto self = weak.lock();
    return self && self->take();
  });
  channel::Channel::ReceiverOptions options;
  options.owner = "wire " + name_;
  options.flags = BP_CHAN_CONFIRMING;
  options.concurrency = in_flight_max;
  options.ready = [strand = strand_] { strand->schedule(); };
  options.paused = true;
  receiver_ = from_.channel->open_receiver(std::move(options));
  receiver_->resume();
}

void Wire::stop() {
  if (receiver_) {
    receiver_->close();
  }
}

bool Wire::take() {
  std::vector<channel::Delivery> deliveries;
  std::uint64_t missed = 0;
  const bool more = receiver_->take(in_flight_max, deliveries, missed);
  if (missed > 0) {
    logger_.warn("the wire was too slow and missed messages",
                 {{"wire", name_}, {"missed", missed}});
  }
  counts_.taken.fetch_add(deliveries.size(), std::memory_order_relaxed);
  const std::uint64_t now_ns = deliveries.empty() ? 0 : runtime::now_ns();
  for (channel::Delivery& delivery : deliveries) {
    begin(std::move(delivery), now_ns);
  }
  return more;
}

void Wire::begin(channel::Delivery&& delivery, std::uint64_t now_ns) {
  auto flow = std::make_shared<Flow>();
  flow->delivery = delivery.id;
  flow->began_ns = now_ns;
  auto json = exchange::to_json(exchange::Exchange::type_of(from_), delivery.message.bytes());
  if (!json) {
    fail(*flow, std::move(json).error());
    return;
  }
  auto document = Document::parse(*json);
  if (!document) {
    fail(*flow, std::move(document).error());
    return;
  }
  flow->documents.emplace("", std::move(*document));
  advance(flow);
}

void Wire::advance(const std::shared_ptr<Flow>& flow) {
  if (flow->step == steps_.size()) {
    counts_.done.fetch_add(1, std::memory_order_relaxed);
    counts_.times.add_shared(runtime::now_ns() - flow->began_ns);
    receiver_->ack(flow->delivery);
    return;
  }
  const Step& step = steps_[flow->step];
  const std::string request = step.mapping.request(flow->documents);
  auto called =
      exchange_.call({step.service, step.method, request, 0, nullptr},
                     [self = shared_from_this(), flow, &step](error::Result<std::string> reply) {
                       if (!reply) {
                         self->fail(*flow, std::move(reply).error());
                         return;
                       }
                       if (!step.out.empty()) {
                         auto document = Document::parse(*reply);
                         if (!document) {
                           self->fail(*flow, std::move(document).error());
                           return;
                         }
                         flow->documents.insert_or_assign(step.out, std::move(*document));
                       }
                       ++flow->step;
                       self->advance(flow);
                     });
  if (!called) {
    fail(*flow, std::move(called).error());
  }
}

void Wire::fail(const Flow& flow, error::Error error) {
  error = std::move(error).during("wire " + name_);
  if (passing(error.code())) {
    counts_.retried.fetch_add(1, std::memory_order_relaxed);
    logger_.debug("a message of the wire is tried again",
                  {{"wire", name_}, {"error", error.text()}});
    receiver_->nack(flow.delivery, retry_delay_ns, error);
    return;
  }
  counts_.failed.fetch_add(1, std::memory_order_relaxed);
  logger_.warn("a message of the wire failed", {{"wire", name_}, {"error", error.text()}});
  receiver_->reject(flow.delivery, error);
}

}  // namespace host::wire
