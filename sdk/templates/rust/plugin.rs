//! plugin.rs - sends every text of "loud.in" on to "loud.out" in capital letters.
mod backplane;
use backplane::*;
use std::{ffi::c_void, panic::catch_unwind, panic::AssertUnwindSafe, ptr, slice};

struct Loud {
    host: *const Host,
    core: &'static Core,
    chan: &'static ChanApi,
    instance: Handle,
    out: Handle,
}

impl Loud {
    unsafe fn open(&self, name: &str, kind: u32, direction: u32, error: &mut Error) -> Result<Handle, Status> {
        let desc = ChanDesc::new(name, "bytes", kind, direction);
        let mut end = 0;
        check((self.chan.open)(self.host, self.instance, &desc, 0, &mut end, error)).map(|()| end)
    }

    unsafe fn start(&mut self, error: &mut Error) -> Result<(), Status> {
        self.out = self.open("loud.out", KIND_BROADCAST, DIR_SEND, error)?;
        self.open("loud.in", KIND_QUEUE, DIR_RECEIVE, error).map(|_| ())
    }

    unsafe fn message(&mut self, event: &Event) -> Result<(), Status> {
        let mut lease = Buf::EMPTY;
        check((self.chan.reserve)(self.host, self.out, event.buf.size, &mut lease))?;
        lease.size = event.buf.size;
        let text = slice::from_raw_parts_mut(lease.data, lease.size as usize);
        text.copy_from_slice(event.buf.bytes());
        text.make_ascii_uppercase();
        check((self.chan.send)(self.host, self.out, &mut lease)).map_err(|status| {
            (self.chan.release)(self.host, &mut lease);
            status
        })
    }

    unsafe fn take(&mut self, event: &Event) {
        let mut error = Error::new();
        match event.kind {
            EV_START => {
                let status = self.start(&mut error).err().unwrap_or(OK);
                (self.core.complete)(self.host, event.handle, status, &error);
            }
            EV_MESSAGE => {
                if let Err(status) = self.message(event) {
                    let mut kept = event.buf; // no room now: deliver it again in 1 ms
                    if (self.chan.retain)(self.host, &mut kept) >= 0 {
                        (self.chan.nack)(self.host, &mut kept, 1_000_000, status, ptr::null());
                    }
                }
            }
            1..=15 => {
                let status = if event.kind == EV_CONFIG { E_UNSUPPORTED } else { OK };
                (self.core.complete)(self.host, event.handle, status, ptr::null());
            }
            _ => {}
        }
    }
}

unsafe extern "C" fn create(host: *const Host, instance: Handle, out: *mut *mut c_void, _: *mut Error) -> Status {
    let core = ((*host).query)(host, b"bp.core/1\0".as_ptr()) as *const Core;
    let chan = ((*host).query)(host, b"bp.chan/1\0".as_ptr()) as *const ChanApi;
    if core.is_null() || chan.is_null() {
        return E_UNSUPPORTED;
    }
    *out = Box::into_raw(Box::new(Loud { host, core: &*core, chan: &*chan, instance, out: 0 })).cast();
    OK
}

unsafe extern "C" fn destroy(me: *mut c_void) {
    drop(Box::from_raw(me.cast::<Loud>()))
}

unsafe extern "C" fn on_events(me: *mut c_void, first: *const Event, stride: u32, count: u32) {
    let me = &mut *me.cast::<Loud>();
    for i in 0..count as usize {
        let event = &*first.cast::<u8>().add(stride as usize * i).cast::<Event>();
        // Nothing may unwind into the host: a panic becomes a fault, and the supervisor decides.
        if catch_unwind(AssertUnwindSafe(|| me.take(event))).is_err() {
            let error = Error::with(E_PANIC, "a panic in on_events");
            (me.core.fault)(me.host, me.instance, &error);
        }
    }
}

static PLUGIN: Plugin = Plugin::new(b"org.example.loud\0", b"0.1.0\0", create, destroy, on_events);
static LIST: List = List([&PLUGIN]);
#[link_section = ".bp_manifest"]
#[used]
static MANIFEST: [u8; include_bytes!("plugin.json").len()] = *include_bytes!("plugin.json");
#[no_mangle]
pub static bp_plugin_v1: Entry = Entry::new(&LIST, &MANIFEST);
