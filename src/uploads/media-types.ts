// Which media types a file name's extension belongs to. Sources: the IANA media type registry and mime-db; a comment
// gives the reason for every type that is registered for something else, or for nothing. Pure.

// The second is registered for nothing, but many programs write it.
const JPEG = ['image/jpeg', 'image/jpg'] as const;
const TIFF = ['image/tiff'] as const;
const MPEG_VIDEO = ['video/mpeg'] as const;
// MP4 is one container, and players and browsers name it by what is in it.
const MP4 = ['video/mp4', 'application/mp4', 'audio/mp4'] as const;
const OGG = ['audio/ogg', 'application/ogg'] as const;
const AIFF = ['audio/aiff', 'audio/x-aiff'] as const;
const MIDI = ['audio/midi', 'audio/x-midi'] as const;
const HTML = ['text/html'] as const;
const YAML = ['application/yaml', 'text/yaml', 'application/x-yaml', 'text/plain'] as const;
const MARKDOWN = ['text/markdown', 'text/x-markdown', 'text/plain'] as const;
// RFC 9239 made the text type the only one; many clients still send the older.
const JAVASCRIPT = ['text/javascript', 'application/javascript'] as const;
const GZIP = ['application/gzip', 'application/x-gzip'] as const;
const BZIP2 = ['application/x-bzip2', 'application/x-bzip'] as const;
const BATCH = ['application/x-bat', 'application/x-msdownload', 'text/plain'] as const;
// The first is registered; the others are what Windows and older servers say of programs and their libraries.
const PORTABLE_EXECUTABLE = [
  'application/vnd.microsoft.portable-executable',
  'application/x-msdownload',
  'application/x-msdos-program',
] as const;

/** The media types of each extension. Programs and scripts are here so that they never pass for something unknown. */
export const MEDIA_TYPES = {
  // Images
  apng: ['image/apng'],
  avif: ['image/avif'],
  bmp: ['image/bmp', 'image/x-ms-bmp'],
  dng: ['image/x-adobe-dng'],
  dwg: ['image/vnd.dwg'],
  dxf: ['image/vnd.dxf'],
  gif: ['image/gif'],
  // Apple writes either for both.
  heic: ['image/heic', 'image/heif'],
  heif: ['image/heif', 'image/heic'],
  ico: ['image/vnd.microsoft.icon', 'image/x-icon'],
  jfif: JPEG,
  jp2: ['image/jp2'],
  jpeg: JPEG,
  jpg: JPEG,
  jxl: ['image/jxl'],
  png: ['image/png'],
  psd: ['image/vnd.adobe.photoshop', 'application/x-photoshop'],
  svg: ['image/svg+xml'],
  tif: TIFF,
  tiff: TIFF,
  webp: ['image/webp'],

  // Audio
  aac: ['audio/aac', 'audio/x-aac'],
  aif: AIFF,
  aiff: AIFF,
  amr: ['audio/amr'],
  flac: ['audio/flac', 'audio/x-flac'],
  m4a: ['audio/mp4', 'audio/x-m4a'],
  mid: MIDI,
  midi: MIDI,
  mka: ['audio/matroska', 'audio/x-matroska'],
  // The second is registered for nothing, but was long what Chromium said.
  mp3: ['audio/mpeg', 'audio/mp3'],
  oga: OGG,
  // Vorbis and Theora files share the extension.
  ogg: [...OGG, 'video/ogg'],
  opus: ['audio/ogg', 'audio/opus'],
  wav: ['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave'],
  weba: ['audio/webm'],
  wma: ['audio/x-ms-wma'],

  // Video
  '3gp': ['video/3gpp', 'audio/3gpp'],
  '3g2': ['video/3gpp2', 'audio/3gpp2'],
  avi: ['video/vnd.avi', 'video/x-msvideo', 'video/avi'],
  flv: ['video/x-flv'],
  m4v: ['video/mp4', 'video/x-m4v'],
  mkv: ['video/matroska', 'video/x-matroska'],
  mov: ['video/quicktime'],
  mp4: MP4,
  mpeg: MPEG_VIDEO,
  mpg: MPEG_VIDEO,
  ogv: ['video/ogg', 'application/ogg'],
  // TypeScript has no registered type; operating systems know the extension as an MPEG stream.
  ts: ['video/mp2t', 'text/typescript', 'application/typescript', 'text/plain'],
  webm: ['video/webm', 'audio/webm'],
  wmv: ['video/x-ms-wmv'],

  // Documents
  doc: ['application/msword'],
  docm: ['application/vnd.ms-word.document.macroenabled.12'],
  docx: ['application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  epub: ['application/epub+zip'],
  key: ['application/vnd.apple.keynote'],
  numbers: ['application/vnd.apple.numbers'],
  odp: ['application/vnd.oasis.opendocument.presentation'],
  ods: ['application/vnd.oasis.opendocument.spreadsheet'],
  odt: ['application/vnd.oasis.opendocument.text'],
  pages: ['application/vnd.apple.pages'],
  pdf: ['application/pdf'],
  ppt: ['application/vnd.ms-powerpoint'],
  pptx: ['application/vnd.openxmlformats-officedocument.presentationml.presentation'],
  ps: ['application/postscript'],
  // Word claims the extension on machines that have it.
  rtf: ['application/rtf', 'text/rtf', 'application/msword'],
  xls: ['application/vnd.ms-excel'],
  xlsm: ['application/vnd.ms-excel.sheet.macroenabled.12'],
  xlsx: ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],

  // Text and data. Many clients call any of the readable ones plain text, which is what they are.
  css: ['text/css'],
  // Excel claims the extension on machines that have it.
  csv: ['text/csv', 'application/csv', 'application/vnd.ms-excel', 'text/plain'],
  eml: ['message/rfc822'],
  geojson: ['application/geo+json', 'application/json'],
  htm: HTML,
  html: HTML,
  ics: ['text/calendar'],
  js: JAVASCRIPT,
  json: ['application/json', 'text/json', 'text/plain'],
  jsonl: ['application/jsonl', 'application/x-ndjson', 'application/json', 'text/plain'],
  log: ['text/plain', 'text/x-log'],
  markdown: MARKDOWN,
  md: MARKDOWN,
  mjs: JAVASCRIPT,
  ndjson: ['application/x-ndjson', 'application/json', 'text/plain'],
  parquet: ['application/vnd.apache.parquet'],
  sql: ['application/sql', 'text/plain'],
  sqlite: ['application/vnd.sqlite3', 'application/x-sqlite3'],
  srt: ['application/x-subrip', 'text/plain'],
  toml: ['application/toml', 'text/plain'],
  tsv: ['text/tab-separated-values', 'text/plain'],
  txt: ['text/plain'],
  vcf: ['text/vcard', 'text/x-vcard'],
  vtt: ['text/vtt', 'text/plain'],
  xhtml: ['application/xhtml+xml'],
  xml: ['application/xml', 'text/xml'],
  yaml: YAML,
  yml: YAML,

  // Archives and images of disks
  '7z': ['application/x-7z-compressed'],
  bz2: BZIP2,
  dmg: ['application/x-apple-diskimage'],
  gz: GZIP,
  iso: ['application/vnd.efi.iso', 'application/x-iso9660-image'],
  jar: ['application/java-archive'],
  rar: ['application/vnd.rar', 'application/x-rar-compressed', 'application/x-rar'],
  tar: ['application/x-tar'],
  tgz: [...GZIP, 'application/x-compressed-tar', 'application/x-tar'],
  xz: ['application/x-xz'],
  // The second is what Windows says.
  zip: ['application/zip', 'application/x-zip-compressed'],
  zst: ['application/zstd'],

  // Fonts and models
  eot: ['application/vnd.ms-fontobject'],
  glb: ['model/gltf-binary'],
  gltf: ['model/gltf+json'],
  obj: ['model/obj'],
  otf: ['font/otf', 'application/vnd.ms-opentype'],
  stl: ['model/stl', 'application/vnd.ms-pki.stl'],
  ttf: ['font/ttf', 'application/x-font-ttf'],
  usdz: ['model/vnd.usdz+zip'],
  woff: ['font/woff', 'application/font-woff'],
  woff2: ['font/woff2'],

  // Programs
  apk: ['application/vnd.android.package-archive'],
  bat: BATCH,
  cmd: BATCH,
  com: PORTABLE_EXECUTABLE,
  deb: ['application/vnd.debian.binary-package', 'application/x-debian-package'],
  dll: PORTABLE_EXECUTABLE,
  exe: PORTABLE_EXECUTABLE,
  hta: ['application/hta'],
  lnk: ['application/x-ms-shortcut'],
  msi: ['application/x-msi', 'application/x-msdownload'],
  php: ['application/x-httpd-php', 'text/x-php'],
  ps1: ['text/x-powershell', 'text/plain'],
  py: ['text/x-python', 'application/x-python-code', 'text/plain'],
  rpm: ['application/x-rpm', 'application/x-redhat-package-manager'],
  scr: PORTABLE_EXECUTABLE,
  sh: ['application/x-sh', 'text/x-sh', 'application/x-shellscript', 'text/plain'],
  swf: ['application/vnd.adobe.flash.movie', 'application/x-shockwave-flash'],
  vbs: ['text/vbscript', 'text/plain'],
  wasm: ['application/wasm'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
