// tests/plugins/crypto_sodium/interop.mjs - the other side, written with nothing but Node's own crypto.
//
// Usage: node interop.mjs <verb> <hex argument>...; prints hex. Exit 1 when something does not open.
import * as crypto from "node:crypto";

const unhex = (text) => Buffer.from(text, "hex");

// The key for one algorithm, from the master key in the key file.
const derived = (master, label) =>
  Buffer.from(crypto.hkdfSync("sha256", master, Buffer.alloc(0), `bp.crypto.aead/1 ${label}`, 32));

const gcmSeal = (key, plaintext, associated) => {
  const nonce = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(associated);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
};

const gcmOpen = (key, sealed, associated) => {
  const cipher = crypto.createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12));
  cipher.setAAD(associated);
  cipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]);
};

const passwordKey = (password, salt, iterations) =>
  crypto.pbkdf2Sync(password, salt, iterations, 32, "sha256");

const verbs = {
  // Raw: the master key itself.
  rawSeal: (master, plaintext, associated) => gcmSeal(master, plaintext, associated),
  rawOpen: (master, sealed, associated) => gcmOpen(master, sealed, associated),

  // Keyed AES-256-GCM: 0x01, key id, then as above with the derived key.
  keyedSeal: (master, plaintext, associated) =>
    Buffer.concat([
      Buffer.from([1]),
      derived(master, "AES-256-GCM id").subarray(0, 4),
      gcmSeal(derived(master, "AES-256-GCM"), plaintext, associated),
    ]),
  keyedOpen: (master, sealed, associated) =>
    gcmOpen(derived(master, "AES-256-GCM"), sealed.subarray(5), associated),

  // Password: "BPP1", iterations, salt, then as above.
  passwordSeal: (password, plaintext, associated) => {
    const header = Buffer.from("BPP1\0\0\0\0", "latin1");
    header.writeUInt32BE(600000, 4);
    const salt = crypto.randomBytes(16);
    return Buffer.concat([
      header, salt, gcmSeal(passwordKey(password, salt, 600000), plaintext, associated)]);
  },
  passwordOpen: (password, sealed, associated) =>
    gcmOpen(passwordKey(password, sealed.subarray(8, 24), sealed.readUInt32BE(4)),
            sealed.subarray(24), associated),
};

const [verb, ...rest] = process.argv.slice(2);
console.log(verbs[verb](...rest.map(unhex)).toString("hex"));
