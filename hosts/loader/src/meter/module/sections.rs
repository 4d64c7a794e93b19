//! Taking a core module apart into its sections, and writing sections.

use wasm_encoder::{Encode, Section};
use wasmparser::{BinaryReader, BinaryReaderError, FromReader, Parser, SectionLimited};

use crate::Refusal;

/// Sections of a core module, by their ids.
pub(super) mod id {
    pub(in super::super) const TYPE: u8 = 1;
    pub(in super::super) const IMPORT: u8 = 2;
    pub(in super::super) const FUNCTION: u8 = 3;
    pub(in super::super) const TABLE: u8 = 4;
    pub(in super::super) const MEMORY: u8 = 5;
    pub(in super::super) const GLOBAL: u8 = 6;
    pub(in super::super) const EXPORT: u8 = 7;
    pub(in super::super) const START: u8 = 8;
    pub(in super::super) const ELEMENT: u8 = 9;
    pub(in super::super) const CODE: u8 = 10;
    pub(in super::super) const DATA: u8 = 11;
    pub(in super::super) const DATA_COUNT: u8 = 12;
    /// The order in which they stand.
    pub(in super::super) const ORDER: [u8; 12] =
        [TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, DATA_COUNT, CODE, DATA];
}

/// The sections, each without its id and size.
pub(super) struct Sections<'a>([Option<&'a [u8]>; id::DATA_COUNT as usize + 1]);

/// A section that is being written: so many entries.
#[derive(Default)]
pub(super) struct Entries {
    count: u32,
    bytes: Vec<u8>,
}

// === impl Sections ===

impl<'a> Sections<'a> {
    /// Takes the sections apart. Custom ones are left out: what they say of the code is not true of the new code.
    pub(super) fn split(core: &'a [u8]) -> Result<Self, Refusal> {
        let mut found = Self([None; id::DATA_COUNT as usize + 1]);
        for payload in Parser::new(0).parse_all(core) {
            if let Some((id, range)) = payload?.as_section()
                && let Some(section) = found.0.get_mut(usize::from(id))
                && id > 0
            {
                *section = Some(&core[range]);
            }
        }
        Ok(found)
    }

    pub(super) fn get(&self, id: u8) -> Option<&'a [u8]> {
        self.0[usize::from(id)]
    }

    /// A reader of a section's entries; of none where the section is missing.
    pub(super) fn read<T: FromReader<'a>>(&self, id: u8) -> Result<SectionLimited<'a, T>, BinaryReaderError> {
        SectionLimited::new(BinaryReader::new(self.get(id).unwrap_or(&[0]), 0))
    }

    pub(super) fn start(&self) -> Result<Option<u32>, BinaryReaderError> {
        self.get(id::START).map(|section| BinaryReader::new(section, 0).read_var_u32()).transpose()
    }
}

// === impl Entries ===

impl Entries {
    /// A section as it is.
    pub(super) fn copied(section: Option<&[u8]>) -> Result<Self, BinaryReaderError> {
        let Some(section) = section else { return Ok(Self::default()) };
        let mut reader = BinaryReader::new(section, 0);
        let count = reader.read_var_u32()?;
        Ok(Self { count, bytes: section[reader.original_position()..].to_vec() })
    }

    /// Room for one entry more.
    pub(super) fn add(&mut self) -> &mut Vec<u8> {
        self.count += 1;
        &mut self.bytes
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        let mut section = vec![];
        self.count.encode(&mut section);
        section.extend(self.bytes);
        section
    }
}

/// A section without its id and size.
pub(super) fn content(section: &impl Section) -> Vec<u8> {
    let mut encoded = vec![];
    section.encode(&mut encoded);
    let mut reader = BinaryReader::new(&encoded, 0);
    // It was just written.
    let _ = reader.read_var_u32();
    encoded[reader.original_position()..].to_vec()
}
