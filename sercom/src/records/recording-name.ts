/** Matches the names of files that `sercom` records packets in, rotated and compressed ones as well. */
const RECORDING = /\.(?:log|pcap|pcapng)(?:\.\d+)?(?:\.gz)?$/i;

/** Whether a word on the command line looks like a recording. */
export function looksLikeRecording(word: string): boolean {
  return RECORDING.test(word);
}

/** A recording's name in messages. */
export function nameOfRecording(file: string): string {
  return file === '-' ? 'stdin' : file;
}

/** The name of one or several recordings in messages. */
export function nameOfRecordings(files: readonly string[]): string {
  return files.length === 1 ? nameOfRecording(files[0]!) : `the ${files.length} recordings`;
}
