// tests/scenario/lib/records.js - real records as events: earthquakes, flights and stock prices of
// the npm package vega-datasets, mixed.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

// Stands in every record's data and nowhere else: whoever finds it on disk found clear text.
const canary = 'canary-in-clear-text';

function file(name) {
  const folder = path.join(__dirname, '..', 'node_modules', 'vega-datasets', 'data');
  return fs.readFileSync(path.join(folder, name), 'utf8');
}

function quakes() {
  return JSON.parse(file('earthquakes.json')).features.map(({ properties, geometry }) => ({
    name: 'quake',
    category: `m${Math.max(0, Math.floor(properties.mag))}`,
    index: { place: properties.place, net: properties.net },
    time: new Date(properties.time).toISOString(),
    data: { ...properties, coordinates: geometry.coordinates },
  }));
}

function flights() {
  return JSON.parse(file('flights-10k.json')).map((flight) => ({
    name: 'flight',
    category: flight.origin,
    index: { origin: flight.origin, destination: flight.destination },
    data: flight,
  }));
}

function stocks() {
  const [, ...rows] = file('stocks.csv').trim().split('\n');
  return rows.map((row) => {
    const [symbol, date, price] = row.trim().split(',');
    return { name: 'stock', category: symbol, data: { symbol, date, price: Number(price) } };
  });
}

// `count` events with ids <prefix>0, <prefix>1, ...; the three kinds follow each other in turn,
// each until it is used up.
function records(count, prefix = 'r') {
  const kinds = [quakes(), flights(), stocks()];
  const events = [];
  while (events.length < count) {
    const before = events.length;
    for (const kind of kinds) {
      const record = kind.shift();
      if (record && events.length < count) {
        const { data, ...clear } = record;
        events.push({ id: `${prefix}${events.length}`, ...clear, data: { ...data, canary } });
      }
    }
    if (events.length === before) throw new Error(`the data sets hold fewer than ${count} records`);
  }
  return events;
}

module.exports = { records, canary };
