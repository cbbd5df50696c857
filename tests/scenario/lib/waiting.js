// tests/scenario/lib/waiting.js - waits that end: by the event, or by an error that says for what.
'use strict';

const settings = require('./settings');

// `watch(resolve, reject)` may answer a function that stops watching.
function until(what, watch, patience_ms = settings.patience_ms) {
  return new Promise((resolve, reject) => {
    let stop = null;
    let over = false;
    const end = (settle) => (value) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      if (stop) stop();
      settle(value);
    };
    const timer = setTimeout(
      () => end(reject)(new Error(`waited ${patience_ms} ms in vain for ${what}`)),
      patience_ms,
    );
    stop = watch(end(resolve), end(reject)) || null;
    if (over && stop) stop();
  });
}

module.exports = { until };
