//! backplane.rs - the law of backplane (sdk/include/backplane/{abi,ext}) for Rust, written by hand, rustc 1.63 or later.
//!
//! What each slot means, who owns what and which thread may call is written in the C headers. Sizes are asserted below;
//! #[repr(C)] fixes the offsets.
#![allow(dead_code, non_upper_case_globals)]
use core::ffi::c_void;
use core::mem::size_of;

pub type Status = i32;
pub type Handle = u64;

// status.def
pub const OK: Status = 0;
pub const DONE: Status = 1;
pub const E_CANCELLED: Status = -1;
pub const E_UNKNOWN: Status = -2;
pub const E_INVALID: Status = -3;
pub const E_TIMEOUT: Status = -4;
pub const E_NOT_FOUND: Status = -5;
pub const E_EXISTS: Status = -6;
pub const E_PERMISSION: Status = -7;
pub const E_WOULD_BLOCK: Status = -8;
pub const E_STALE: Status = -9;
pub const E_UNSUPPORTED: Status = -10;
pub const E_TOO_NEW: Status = -11;
pub const E_CLOSED: Status = -12;
pub const E_NO_MEMORY: Status = -13;
pub const E_PANIC: Status = -14;
pub const E_ABANDONED: Status = -15;
pub const E_BUSY: Status = -16;
pub const E_TOO_LARGE: Status = -17;
pub const E_STATE: Status = -18;
pub const E_FULL: Status = -19;
pub const E_SCHEMA: Status = -20;
pub const E_CONFLICT: Status = -21;
pub const E_CORRUPT: Status = -22;
pub const E_IO: Status = -23;
pub const E_UNAVAILABLE: Status = -24;
pub const E_ABI: Status = -25;
pub const E_CONFIG: Status = -26;
pub const E_RANGE: Status = -27;
pub const E_DROPPED: Status = -28;
pub const E_DECRYPT: Status = -29;
pub const E_DEADLOCK: Status = -30;

/// `check(call)?` leaves with a negative status.
pub fn check(status: Status) -> Result<(), Status> {
    if status < 0 {
        Err(status)
    } else {
        Ok(())
    }
}

// bytes.h
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub ptr: *const u8,
    pub len: u64,
}

impl Str {
    pub const EMPTY: Str = Str { ptr: core::ptr::null(), len: 0 };

    pub fn new(text: &str) -> Str {
        Str { ptr: text.as_ptr(), len: text.len() as u64 }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Buf {
    pub data: *mut u8,
    pub size: u64,
    pub capacity: u64,
    pub lease: Handle,
}

impl Buf {
    pub const EMPTY: Buf = Buf { data: core::ptr::null_mut(), size: 0, capacity: 0, lease: 0 };

    /// # Safety
    /// The lease must still be lent.
    pub unsafe fn bytes(&self) -> &[u8] {
        if self.size == 0 {
            &[]
        } else {
            core::slice::from_raw_parts(self.data, self.size as usize)
        }
    }
}

pub const ERROR_TEXT_BYTES: usize = 496;

#[repr(C)]
pub struct Error {
    pub struct_size: u32,
    pub code: Status,
    pub n_context: u32,
    pub text_len: u32,
    pub text: [u8; ERROR_TEXT_BYTES],
}

impl Error {
    pub fn new() -> Error {
        Error { struct_size: size_of::<Error>() as u32, code: OK, n_context: 0, text_len: 0, text: [0; ERROR_TEXT_BYTES] }
    }

    pub fn with(code: Status, message: &str) -> Error {
        let mut error = Error::new();
        let length = message.len().min(ERROR_TEXT_BYTES - 1);
        error.code = code;
        error.text[..length].copy_from_slice(&message.as_bytes()[..length]);
        error.text_len = length as u32 + 1;
        error
    }
}

// event.h
pub const EV_START: u16 = 1;
pub const EV_STOP: u16 = 2;
pub const EV_QUIESCE: u16 = 3;
pub const EV_SAVE: u16 = 4;
pub const EV_RESTORE: u16 = 5;
pub const EV_CONFIG: u16 = 6;
pub const EV_MESSAGE: u16 = 16;
pub const EV_LAGGED: u16 = 17;
pub const EV_WRITABLE: u16 = 18;
pub const EV_CHANNEL_CLOSED: u16 = 19;
pub const EV_CONFIRMED: u16 = 20;
pub const EV_CALL: u16 = 21;
pub const EV_REPLY: u16 = 22;
pub const EV_CALL_CANCELLED: u16 = 23;
pub const EV_TIMER: u16 = 24;
pub const EV_POSTED: u16 = 25;
pub const EV_WORK_DONE: u16 = 26;
pub const EV_REGISTRY: u16 = 27;
pub const EVF_TRACE: u16 = 1;
pub const EVF_ERROR: u16 = 2;
pub const EVF_JSON: u16 = 4;
pub const EVF_REDELIVERED: u16 = 8;

#[repr(C)]
pub struct Event {
    pub struct_size: u32,
    pub kind: u16,
    pub flags: u16,
    pub token: u64,
    pub handle: Handle,
    pub status: Status,
    pub method: u32,
    pub seq: u64,
    pub time_ns: u64,
    pub buf: Buf,
    pub trace: [u8; 24],
}

// host.h
#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub query: unsafe extern "C" fn(*const Host, *const u8) -> *const c_void,
}

// core.h
pub const LOG_TRACE: u32 = 0;
pub const LOG_DEBUG: u32 = 1;
pub const LOG_INFO: u32 = 2;
pub const LOG_WARN: u32 = 3;
pub const LOG_ERROR: u32 = 4;
pub const LOG_OFF: u32 = 5;

#[repr(C)]
pub struct Core {
    pub struct_size: u32,
    pub reserved: u32,
    pub now_ns: unsafe extern "C" fn(*const Host) -> u64,
    pub complete: unsafe extern "C" fn(*const Host, Handle, Status, *const Error) -> Status,
    pub fault: unsafe extern "C" fn(*const Host, Handle, *const Error) -> Status,
    pub post: unsafe extern "C" fn(*const Host, Handle, u64) -> Status,
    pub config: unsafe extern "C" fn(*const Host, Handle, *mut Str) -> Status,
    pub property: unsafe extern "C" fn(*const Host, Handle, *const Str, *mut Str) -> Status,
    pub log_level: unsafe extern "C" fn(*const Host) -> u32,
    pub log: unsafe extern "C" fn(*const Host, Handle, u32, *const Str, *const Str, u32, *const u8),
    pub run_blocking:
        unsafe extern "C" fn(*const Host, Handle, unsafe extern "C" fn(*mut c_void), *mut c_void, u64) -> Status,
    pub timer: unsafe extern "C" fn(*const Host, Handle, u64, u64, u64, *mut Handle) -> Status,
    pub cancel_timer: unsafe extern "C" fn(*const Host, Handle) -> Status,
    pub alloc: unsafe extern "C" fn(*const Host, Handle, u64, *mut Buf) -> Status,
}

// channel.h
pub const KIND_QUEUE: u32 = 1;
pub const KIND_BROADCAST: u32 = 2;
pub const DIR_SEND: u32 = 1;
pub const DIR_RECEIVE: u32 = 2;
pub const FULL_BLOCK: u32 = 1;
pub const FULL_REJECT: u32 = 2;
pub const FULL_DROP_NEWEST: u32 = 3;
pub const FULL_DROP_OLDEST: u32 = 4;
pub const CHAN_GATING: u32 = 1;
pub const CHAN_CONFIRMING: u32 = 2;

#[repr(C)]
pub struct ChanDesc {
    pub struct_size: u32,
    pub kind: u32,
    pub direction: u32,
    pub flags: u32,
    pub name: Str,
    pub type_name: Str,
    pub schema: u64,
    pub capacity: u32,
    pub message_bytes_max: u32,
    pub on_full: u32,
    pub concurrency: u32,
    pub group: Str,
}

impl ChanDesc {
    pub fn new(name: &str, type_name: &str, kind: u32, direction: u32) -> ChanDesc {
        ChanDesc {
            struct_size: size_of::<ChanDesc>() as u32,
            kind,
            direction,
            flags: 0,
            name: Str::new(name),
            type_name: Str::new(type_name),
            schema: 0,
            capacity: 0,
            message_bytes_max: 0,
            on_full: 0,
            concurrency: 0,
            group: Str::new(""),
        }
    }
}

#[repr(C)]
pub struct ChanApi {
    pub struct_size: u32,
    pub reserved: u32,
    pub open: unsafe extern "C" fn(*const Host, Handle, *const ChanDesc, u64, *mut Handle, *mut Error) -> Status,
    pub reserve: unsafe extern "C" fn(*const Host, Handle, u64, *mut Buf) -> Status,
    pub send: unsafe extern "C" fn(*const Host, Handle, *mut Buf) -> Status,
    pub send_confirmed: unsafe extern "C" fn(*const Host, Handle, *mut Buf, u64, *mut Handle) -> Status,
    pub retain: unsafe extern "C" fn(*const Host, *mut Buf) -> Status,
    pub release: unsafe extern "C" fn(*const Host, *mut Buf) -> Status,
    pub ack: unsafe extern "C" fn(*const Host, *mut Buf) -> Status,
    pub nack: unsafe extern "C" fn(*const Host, *mut Buf, u64, Status, *const Error) -> Status,
    pub close: unsafe extern "C" fn(*const Host, Handle) -> Status,
    pub pause: unsafe extern "C" fn(*const Host, Handle) -> Status,
    pub resume: unsafe extern "C" fn(*const Host, Handle) -> Status,
    pub wait_writable: unsafe extern "C" fn(*const Host, Handle, u64) -> Status,
    pub activity: unsafe extern "C" fn(*const Host, Handle, *mut *const u32) -> Status,
    pub publish: unsafe extern "C" fn(*const Host, Handle, *const Buf, u32, *mut u32) -> Status,
}

// service.h
pub const METHOD_INLINE: u32 = 1;
pub const REQUIRE_OPTIONAL: u32 = 1;

#[repr(C)]
pub struct Method {
    pub struct_size: u32,
    pub id: u32,
    pub flags: u32,
    pub reserved: u32,
    pub name: Str,
    pub request_type: Str,
    pub reply_type: Str,
    pub inline_fn: Option<unsafe extern "C" fn(*mut c_void, u32, *const Buf, *mut Buf, *mut Error) -> Status>,
    pub inline_self: *mut c_void,
}

#[repr(C)]
pub struct SvcApi {
    pub struct_size: u32,
    pub reserved: u32,
    pub provide: unsafe extern "C" fn(
        *const Host, Handle, *const Str, u32, u32, *const Method, u32, u32, u64, *mut Handle, *mut Error,
    ) -> Status,
    pub require: unsafe extern "C" fn(*const Host, Handle, *const Str, u32, u32, u32, *mut Handle, *mut Error) -> Status,
    pub call: unsafe extern "C" fn(
        *const Host, Handle, u32, *mut Buf, u64, *const u8, u64, *mut Buf, *mut Handle, *mut Error,
    ) -> Status,
    pub reply: unsafe extern "C" fn(*const Host, Handle, Status, *mut Buf, *const Error) -> Status,
    pub cancel: unsafe extern "C" fn(*const Host, Handle) -> Status,
    pub close: unsafe extern "C" fn(*const Host, Handle) -> Status,
    pub caller: unsafe extern "C" fn(*const Host, Handle, *mut u8, u64, *mut u64) -> Status,
}

// ext/json.h
#[repr(C)]
pub struct JsonApi {
    pub struct_size: u32,
    pub reserved: u32,
    pub publish: unsafe extern "C" fn(
        *const Host, Handle, *const Str, *const Str, *const u8, u64, *mut Handle, *mut Error,
    ) -> Status,
    pub call: unsafe extern "C" fn(
        *const Host, Handle, *const Str, *const Str, *const Str, u64, *const u8, u64, *mut Handle, *mut Error,
    ) -> Status,
    pub subscribe: unsafe extern "C" fn(*const Host, Handle, *const Str, u32, u64, *mut Handle, *mut Error) -> Status,
}

// ext/metric.h
pub const METRIC_COUNTER: u32 = 1;
pub const METRIC_GAUGE: u32 = 2;
pub const METRIC_HISTOGRAM: u32 = 3;
pub const METRIC_INFO: u32 = 4;
pub const METRIC_STATESET: u32 = 5;

#[repr(C)]
pub struct MetricCell {
    pub value: u64,
    pub sum: u64,
    pub refused: u64,
    pub buckets: *mut u64,
    pub index_base: u64,
    pub index_shift: u32,
    pub n_buckets: u32,
    pub kind: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct MetricDesc {
    pub struct_size: u32,
    pub kind: u32,
    pub name: Str,
    pub help: Str,
    pub unit: Str,
    pub label_names: *const Str,
    pub bounds: *const f64,
    pub n_label_names: u32,
    pub n_bounds: u32,
}

#[repr(C)]
pub struct MetricSnapshot {
    pub struct_size: u32,
    pub n_families: u32,
    pub n_series: u32,
    pub n_labels: u32,
    pub n_buckets: u32,
    pub families_offset: u32,
    pub series_offset: u32,
    pub labels_offset: u32,
    pub buckets_offset: u32,
    pub shape: u32,
    pub unix_time_ns: u64,
    pub created_offset: u32,
    pub exemplars_offset: u32,
    pub n_exemplars: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct MetricText {
    pub offset: u32,
    pub len: u32,
}

#[repr(C)]
pub struct MetricFamily {
    pub kind: u32,
    pub shape: u32,
    pub name: MetricText,
    pub help: MetricText,
    pub unit: MetricText,
    pub first_series: u32,
    pub n_series: u32,
}

#[repr(C)]
pub struct MetricSeries {
    pub first_label: u32,
    pub n_labels: u32,
    pub first_bucket: u32,
    pub n_buckets: u32,
    pub value: f64,
    pub sum: f64,
    pub count: u64,
}

#[repr(C)]
pub struct MetricLabel {
    pub name: MetricText,
    pub value: MetricText,
}

#[repr(C)]
pub struct MetricBucket {
    pub upper: f64,
    pub count: u64,
}

#[repr(C)]
pub struct MetricExemplar {
    pub series: u32,
    pub bucket: u32,
    pub value: f64,
    pub unix_time_ns: u64,
    pub trace: [u8; 24],
}

#[repr(C)]
pub struct MetricApi {
    pub struct_size: u32,
    pub reserved: u32,
    pub define: unsafe extern "C" fn(*const Host, Handle, *const MetricDesc, *mut Handle, *mut Error) -> Status,
    pub bind: unsafe extern "C" fn(*const Host, Handle, Handle, *const Str, u32, *mut *mut MetricCell) -> Status,
    pub snapshot: unsafe extern "C" fn(*const Host, Handle, *mut Buf) -> Status,
    pub snapshot_parts: unsafe extern "C" fn(*const Host, Handle, u32, *mut Buf, u32, *mut u32) -> Status,
    pub exemplar: unsafe extern "C" fn(*const Host, Handle, *const MetricCell, f64, *const u8) -> Status,
}

// ext/registry.h
pub const REGISTRY_WATCHES_MAX: u32 = 64;
pub const REGISTRY_CHANNEL: u32 = 1;
pub const REGISTRY_SERVICE: u32 = 2;
pub const REGISTRY_APPEARED: u32 = 1;
pub const REGISTRY_CHANGED: u32 = 2;
pub const REGISTRY_GONE: u32 = 3;
pub const REGISTRY_SNAPSHOT_END: u32 = 4;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RegistryText {
    pub offset: u32,
    pub len: u32,
}

#[repr(C)]
pub struct RegistryName {
    pub struct_size: u32,
    pub what: u32,
    pub kind: u32,
    pub major: u32,
    pub minor: u32,
    pub reserved: u32,
    pub name: RegistryText,
    pub type_: RegistryText,
    pub instance: RegistryText,
}

#[repr(C)]
pub struct RegistryApi {
    pub struct_size: u32,
    pub reserved: u32,
    pub watch: unsafe extern "C" fn(*const Host, Handle, u32, *const Str, u64, *mut Handle, *mut Error) -> Status,
    pub unwatch: unsafe extern "C" fn(*const Host, Handle) -> Status,
}

// ext/state.h
pub const STATE_PORTABLE: u32 = 1;

#[repr(C)]
pub struct StateApi {
    pub struct_size: u32,
    pub reserved: u32,
    pub put: unsafe extern "C" fn(*const Host, Handle, *const Str, u32, *const c_void, u64) -> Status,
    pub get: unsafe extern "C" fn(*const Host, Handle, *const Str, *mut Str) -> Status,
}

// ext/trace.h
#[repr(C)]
pub struct TraceApi {
    pub struct_size: u32,
    pub reserved: u32,
    pub begin: unsafe extern "C" fn(
        *const Host, Handle, *const Str, *const u8, *const Str, u32, *mut Handle, *mut u8,
    ) -> Status,
    pub set: unsafe extern "C" fn(*const Host, Handle, *const Str, u32) -> Status,
    pub end: unsafe extern "C" fn(*const Host, Handle, Status) -> Status,
}

// plugin.h
pub type Create = unsafe extern "C" fn(*const Host, Handle, *mut *mut c_void, *mut Error) -> Status;
pub type Destroy = unsafe extern "C" fn(*mut c_void);
pub type OnEvents = unsafe extern "C" fn(*mut c_void, *const Event, u32, u32);

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub flags: u32,
    pub id: *const u8,
    pub version: *const u8,
    pub create: Create,
    pub destroy: Destroy,
    pub on_events: OnEvents,
    pub query: Option<unsafe extern "C" fn(*mut c_void, *const u8) -> *const c_void>,
}

impl Plugin {
    /// `id` and `version` end with a NUL.
    pub const fn new(
        id: &'static [u8], version: &'static [u8], create: Create, destroy: Destroy, on_events: OnEvents,
    ) -> Plugin {
        assert!(id[id.len() - 1] == 0 && version[version.len() - 1] == 0, "id and version end with a NUL");
        Plugin {
            struct_size: size_of::<Plugin>() as u32,
            flags: 0,
            id: id.as_ptr(),
            version: version.as_ptr(),
            create,
            destroy,
            on_events,
            query: None,
        }
    }
}

#[repr(C)]
pub struct List(pub [&'static Plugin; 1]);

pub const ENTRY_MAGIC: u32 = 0x31305042;
pub const ABI_MAJOR: u16 = 1;
pub const ABI_MINOR: u16 = 0;
/// BP_LAYOUT: offsets of Event.buf and Event.trace, sizes of Buf, Error, Str and of a pointer.
pub const LAYOUT: u64 = 48 | 80 << 8 | 32 << 16 | 512 << 24 | 16 << 40 | 8 << 56;

#[repr(C)]
pub struct Entry {
    pub magic: u32,
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor_needed: u16,
    pub abi_minor_built: u16,
    pub n_plugins: u16,
    pub pointer_bytes: u32,
    pub reserved: u32,
    pub layout: u64,
    pub plugins: *const &'static Plugin,
    pub manifest: *const u8,
    pub manifest_len: u64,
}

impl Entry {
    pub const fn new(plugins: &'static List, manifest: &'static [u8]) -> Entry {
        Entry {
            magic: ENTRY_MAGIC,
            struct_size: size_of::<Entry>() as u32,
            abi_major: ABI_MAJOR,
            abi_minor_needed: 0,
            abi_minor_built: ABI_MINOR,
            n_plugins: 1,
            pointer_bytes: size_of::<*const u8>() as u32,
            reserved: 0,
            layout: LAYOUT,
            plugins: plugins.0.as_ptr(),
            manifest: manifest.as_ptr(),
            manifest_len: manifest.len() as u64,
        }
    }
}

// The tables and texts they point to never change and live as long as the library.
unsafe impl Sync for Entry {}
unsafe impl Sync for Plugin {}
unsafe impl Sync for List {}

const fn same(left: usize, right: usize) -> bool {
    left == right
}

const _: () = assert!(same(size_of::<Str>(), 16) && same(size_of::<Buf>(), 32) && same(size_of::<Error>(), 512));
const _: () = assert!(same(size_of::<Event>(), 104) && same(size_of::<Host>(), 16) && same(size_of::<Core>(), 104));
const _: () = assert!(same(size_of::<ChanDesc>(), 88) && same(size_of::<ChanApi>(), 120));
const _: () = assert!(same(size_of::<Method>(), 80) && same(size_of::<SvcApi>(), 64));
const _: () = assert!(same(size_of::<JsonApi>(), 32) && same(size_of::<StateApi>(), 24));
const _: () = assert!(same(size_of::<TraceApi>(), 32) && same(size_of::<MetricApi>(), 48));
const _: () = assert!(same(size_of::<MetricCell>(), 56) && same(size_of::<MetricDesc>(), 80));
const _: () = assert!(same(size_of::<MetricSnapshot>(), 64) && same(size_of::<MetricFamily>(), 40));
const _: () = assert!(same(size_of::<MetricSeries>(), 40) && same(size_of::<MetricLabel>(), 16));
const _: () = assert!(same(size_of::<MetricBucket>(), 16) && same(size_of::<MetricExemplar>(), 48));
const _: () = assert!(same(size_of::<RegistryName>(), 48) && same(size_of::<RegistryApi>(), 24));
const _: () = assert!(same(size_of::<Plugin>(), 56) && same(size_of::<Entry>(), 56));
