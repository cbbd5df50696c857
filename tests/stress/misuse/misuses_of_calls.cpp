// tests/stress/misuse/misuses_of_calls.cpp - the wrong things with calls, descriptions, names, and
// everything that is no message; and what is wrong only after STOP.
#include <array>

#include "tests/stress/misuse/hand.hpp"

namespace stress {

namespace {

constexpr std::uint64_t too_large = std::uint64_t{BP_MESSAGE_BYTES_MAX} + 1;

}  // namespace

void Hand::misuse_calls() {
  std::uint64_t word = 1;
  bp_buf request{&word, 8, 8, 0};
  bp_buf reply{};
  bp_call call = 0;
  const std::uint64_t deadline = life_.core->now_ns(life_.host) + 1'000'000;
  wrong("call of a bad service", life_.svc->call(life_.host, bad(kind_service), 1, &request,
                                                 deadline, nullptr, 1, &reply, &call, any_error()));
  if (provided != 0) {
    wrong("call of what is provided", life_.svc->call(life_.host, provided, 1, &request, deadline,
                                                      nullptr, 1, &reply, &call, nullptr));
  }
  if (required != 0) {
    static constexpr std::uint32_t methods[] = {0, 4, 256, ~std::uint32_t{0}};
    wrong("call of no method",
          life_.svc->call(life_.host, required, methods[chance_.below(4)], &request, deadline,
                          nullptr, 1, &reply, &call, any_error()));
    bp_buf bad_request = bad_lease();
    if (bad_request.lease != 0) {
      wrong("call with a bad lease",
            life_.svc->call(life_.host, required, 2, &bad_request, deadline, nullptr, 1, &reply,
                            &call, any_error()));
    }
    request.size = too_large;
    wrong("call with too much", life_.svc->call(life_.host, required, 2, &request, deadline,
                                                nullptr, 1, &reply, &call, any_error()));
    wrong("call with a deadline that is past",
          life_.svc->call(life_.host, bad(kind_service), 2, nullptr, 1, nullptr, 1, &reply, &call,
                          nullptr));
  }
  wrong("close of a bad service", life_.svc->close(life_.host, bad(kind_service)));
}

void Hand::misuse_answers() {
  bp_buf reply{};
  wrong("reply to a bad call",
        life_.svc->reply(life_.host, bad(kind_incoming), BP_OK, &reply, nullptr));
  reply = bad_lease();
  if (!calls_to_answer_.empty() && reply.lease != 0) {
    wrong("reply with a bad lease",
          life_.svc->reply(life_.host, calls_to_answer_.back(), BP_OK, &reply, any_error()));
    wrong("cancel of a call to answer", life_.svc->cancel(life_.host, calls_to_answer_.back()));
  }
  char who[BP_INSTANCE_ID_BYTES_MAX];
  std::uint64_t bytes = 0;
  wrong("caller of a bad call",
        life_.svc->caller(life_.host, bad(kind_incoming), who, sizeof who, &bytes));
  if (!calls_to_answer_.empty()) {
    wrong("caller without a place",
          life_.svc->caller(life_.host, calls_to_answer_.back(), nullptr, 8, &bytes));
  }
  wrong("cancel of a bad call", life_.svc->cancel(life_.host, bad(kind_call)));
  if (!calls_made_.empty()) {
    wrong("reply to one's own call",
          life_.svc->reply(life_.host, calls_made_.back(), BP_OK, nullptr, nullptr));
  }
}

void Hand::misuse_core() {
  bp_timer timer = 0;
  bp_str value{};
  const bp_str name = text(chance_.one_in(2) ? "instance.id" : "no.such.thing");
  const bp_inst other = bad(kind_instance);
  wrong("complete", life_.core->complete(life_.host, bad(kind_operation), BP_OK, any_error()));
  wrong("fault of another", life_.core->fault(life_.host, other, any_error()));
  wrong("post for another", life_.core->post(life_.host, other, 1));
  wrong("config of another", life_.core->config(life_.host, other, &value));
  wrong("property of another", life_.core->property(life_.host, other, &name, &value));
  const bp_str unknown = text("no.such.thing");
  wrong("a property that is none",
        life_.core->property(life_.host, life_.instance, chance_.one_in(2) ? &unknown : nullptr,
                             &value));
  wrong("a timer for another", life_.core->timer(life_.host, other, 1, 1, 1, &timer));
  wrong("cancel_timer", life_.core->cancel_timer(life_.host, bad(kind_timer)));
  wrong("run_blocking for another",
        life_.core->run_blocking(life_.host, other, [](void*) {}, nullptr, 1));
  wrong("run_blocking of NULL",
        life_.core->run_blocking(life_.host, life_.instance, nullptr, nullptr, 1));
  wrong("config into NULL", life_.core->config(life_.host, life_.instance, nullptr));
  wrong("property into NULL", life_.core->property(life_.host, life_.instance, &name, nullptr));
  // Not an error, but nothing may come of it.
  const bp_str words = text("said by nobody");
  life_.core->log(life_.host, other, BP_LOG_ERROR, &words, nullptr, 7, nullptr);
  life_.core->log(life_.host, life_.instance, 77, &words, &words, ~std::uint32_t{0}, nullptr);
}

void Hand::misuse_extensions() {
  bp_span span = 0;
  const bp_str name = text("attack");
  const bp_inst other = bad(kind_instance);
  wrong("begin for another",
        life_.trace->begin(life_.host, other, &name, nullptr, nullptr, 0, &span, nullptr));
  wrong("set of a bad span", life_.trace->set(life_.host, bad(kind_span), &name, 0));
  wrong("end of a bad span", life_.trace->end(life_.host, bad(kind_span), BP_OK));
  wrong("begin into NULL", life_.trace->begin(life_.host, life_.instance, &name, nullptr, nullptr,
                                              0, nullptr, nullptr));
  bp_metric_cell* cell = nullptr;
  bp_family family = 0;
  wrong("bind of a bad family",
        life_.metric->bind(life_.host, life_.instance, bad(kind_family), nullptr, 0, &cell));
  wrong("bind for another",
        life_.metric->bind(life_.host, other, bad(kind_family), nullptr, 0, &cell));
  wrong("define of NULL",
        life_.metric->define(life_.host, life_.instance, nullptr, &family, any_error()));
  bp_metric_desc desc{};
  desc.struct_size = static_cast<std::uint32_t>(chance_.below(offsetof(bp_chan_desc, group)));
  wrong("define of too little",
        life_.metric->define(life_.host, life_.instance, &desc, &family, any_error()));
  bp_buf snapshot{};
  wrong("snapshot without asking", life_.metric->snapshot(life_.host, life_.instance, &snapshot));
  const bp_str key = text("key");
  wrong("put outside of SAVE", life_.state->put(life_.host, bad(kind_operation), &key, 0, "x", 1));
  wrong("get outside of RESTORE", life_.state->get(life_.host, bad(kind_operation), &key, nullptr));
  wrong("put of NULL", life_.state->put(life_.host, bad(kind_operation), nullptr, 0, nullptr, 9));
}

void Hand::misuse_json() {
  const std::string name = bad_name();
  const bp_str named = text(name);
  const bp_str body = text("{}");
  const bp_str method = text("M");
  bp_call call = 0;
  bp_chan channel = 0;
  wrong("publish by a bad name", life_.json->publish(life_.host, life_.instance, &named, &body,
                                                     nullptr, 1, &call, any_error()));
  wrong("call by a bad name", life_.json->call(life_.host, life_.instance, &named, &method, &body,
                                               0, nullptr, 1, &call, any_error()));
  wrong("subscribe by a bad name",
        life_.json->subscribe(life_.host, life_.instance, &named, 0, 1, &channel, any_error()));
  wrong("publish by no name", life_.json->publish(life_.host, life_.instance, nullptr, &body,
                                                  nullptr, 1, &call, any_error()));
  wrong("publish for another", life_.json->publish(life_.host, bad(kind_instance), &named, &body,
                                                   nullptr, 1, &call, any_error()));
}

void Hand::misuse_open() {
  bp_chan channel = 0;
  bp_chan_desc desc = Life::desc("misuse.queue", BP_KIND_QUEUE, BP_DIR_SEND);
  wrong("open of NULL",
        life_.chan->open(life_.host, life_.instance, nullptr, 1, &channel, any_error()));
  wrong("open into NULL",
        life_.chan->open(life_.host, life_.instance, &desc, 1, nullptr, any_error()));
  wrong("open for another",
        life_.chan->open(life_.host, bad(kind_instance), &desc, 1, &channel, any_error()));

  struct Longer : bp_chan_desc {
    std::uint64_t tail = 1;
  } longer;

  static_cast<bp_chan_desc&>(longer) = desc;
  longer.struct_size = sizeof longer;
  wrong("open with an unknown tail",
        life_.chan->open(life_.host, life_.instance, &longer, 1, &channel, any_error()));
  const std::string name = bad_name();
  const bp_str named = text(name);
  switch (chance_.below(9)) {
    case 0:
      desc.struct_size = static_cast<std::uint32_t>(chance_.below(offsetof(bp_chan_desc, group)));
      break;
    case 1:
      desc.kind = static_cast<std::uint32_t>(3 + chance_.below(1'000));
      break;
    case 2:
      desc.kind = BP_KIND_BROADCAST;  // it is a queue
      break;
    case 3:
      desc.direction = static_cast<std::uint32_t>(3 + chance_.below(1'000));
      break;
    case 4:
      desc.flags = 0xfffffff0U;
      break;
    case 5:
      desc.on_full = static_cast<std::uint32_t>(5 + chance_.below(1'000));
      break;
    case 6:
      desc.capacity = BP_CHAN_CAPACITY_MAX + 1;
      break;
    case 7:
      desc.type = name.empty() ? text("json") : named;  // it carries bytes
      break;
    default:
      desc.name = named;
      break;
  }
  wrong("open of a bad description",
        life_.chan->open(life_.host, life_.instance, &desc, 1, &channel, any_error()));
}

void Hand::misuse_provide() {
  bp_svc service = 0;
  const std::string bad_text = bad_name();
  const bp_str named = text(bad_text);
  const bp_str own = text("misuse.none");
  bp_method method{};
  method.struct_size = sizeof method;
  method.id = 1;
  method.name = text("M");
  const auto provide = [&](const bp_str* name, const bp_method* methods, std::uint32_t stride,
                           std::uint32_t count) {
    return life_.svc->provide(life_.host, life_.instance, name, 1, 0, methods, stride, count, 1,
                              &service, any_error());
  };
  wrong("provide by a bad name", provide(&named, &method, sizeof method, 1));
  wrong("provide by no name", provide(nullptr, &method, sizeof method, 1));
  wrong("provide of NULL", provide(&own, nullptr, sizeof method, 1));
  wrong("provide of nothing", provide(&own, &method, sizeof method, 0));
  wrong("provide of too many", provide(&own, &method, sizeof method, BP_METHODS_MAX + 1));
  wrong("provide with a small stride", provide(&own, &method, 8, 1));
  wrong("provide for another",
        life_.svc->provide(life_.host, bad(kind_instance), &own, 1, 0, &method, sizeof method, 1, 1,
                           &service, any_error()));
  const std::array<bp_method, 2> twins{method, method};
  wrong("provide of twins", provide(&own, twins.data(), sizeof method, 2));
  method.flags = BP_METHOD_INLINE;
  wrong("provide of nothing inline", provide(&own, &method, sizeof method, 1));
  method.flags = 0xf0;
  wrong("provide with unknown flags", provide(&own, &method, sizeof method, 1));
  const auto flags = chance_.one_in(2) ? 0U : static_cast<std::uint32_t>(BP_REQUIRE_OPTIONAL);
  wrong("require into NULL", life_.svc->require(life_.host, life_.instance, &own, 1, 0,
                                                BP_REQUIRE_OPTIONAL, nullptr, any_error()));
  wrong("require by a bad name",
        life_.svc->require(life_.host, life_.instance, &named, 1, 0, flags, &service, any_error()));
  wrong("require of nobody's",
        life_.svc->require(life_.host, life_.instance, &own, 1, 0, 0, &service, any_error()));
  wrong("require with unknown flags",
        life_.svc->require(life_.host, life_.instance, &own, 1, 0, 0xf0, &service, any_error()));
}

// Each is asked for in a way that is right before STOP was completed.
void Hand::try_after_stop() {
  bp_buf lease{};
  bp_handle handle = 0;
  std::uint64_t word = 1;
  bp_buf span{&word, 8, 8, 0};
  const bp_chan_desc desc = Life::desc("misuse.queue", BP_KIND_QUEUE, BP_DIR_SEND);
  if (const bp_chan sender = any_sender()) {
    wrong("reserve after STOP", life_.chan->reserve(life_.host, sender, 8, &lease));
    wrong("publish after STOP", life_.chan->publish(life_.host, sender, &span, 1, nullptr));
  }
  if (!rooms_.empty()) {
    bp_buf room = rooms_.back();
    wrong("send after STOP", life_.chan->send(life_.host, any_sender(), &room));
  }
  wrong("post after STOP", life_.core->post(life_.host, life_.instance, 1));
  wrong("timer after STOP", life_.core->timer(life_.host, life_.instance, 1, 0, 1, &handle));
  wrong("run_blocking after STOP",
        life_.core->run_blocking(life_.host, life_.instance, [](void*) {}, nullptr, 1));
  if (required != 0) {
    wrong("call after STOP", life_.svc->call(life_.host, required, 2, &span, 0, nullptr, 1, &lease,
                                             &handle, any_error()));
  }
  if (on_strand_) {
    wrong("open after STOP",
          life_.chan->open(life_.host, life_.instance, &desc, 1, &handle, any_error()));
    const bp_str name = text("misuse.service.0");
    wrong("require after STOP", life_.svc->require(life_.host, life_.instance, &name, 1, 0,
                                                   BP_REQUIRE_OPTIONAL, &handle, any_error()));
  }
}

}  // namespace stress
