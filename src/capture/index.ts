/** `elko/capture`: pcap, pcapng and snoop read, pcap and pcapng written, without a file system. */

export type {
  CapturedPacket,
  CaptureError,
  CaptureFile,
  CaptureFormat,
  CaptureInterface,
  Direction,
  InterfaceStatistics,
} from './capture-file.ts'
export type { CaptureNotes, CaptureSecrets, CaptureSection } from './capture-notes.ts'
export { CaptureReader, readCapture } from './capture-reader.ts'
export { pcapHeader, pcapPacket } from './pcap.ts'
export { pcapngHeader, pcapngInterface, pcapngPacket } from './pcapng.ts'
export type { CaptureRecord } from './record.ts'
