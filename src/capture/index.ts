/** `elko/capture`: pcap, pcapng and snoop read, pcap and pcapng written, without a file system. */

export type {
  CapturedPacket,
  CaptureError,
  CaptureFile,
  CaptureFormat,
  CaptureInterface,
  Direction,
} from './capture-file.ts'
export { CaptureReader, readCapture } from './capture-reader.ts'
export { pcapHeader, pcapPacket } from './pcap.ts'
export { pcapngHeader, pcapngInterface, pcapngPacket } from './pcapng.ts'
export type { CaptureRecord } from './record.ts'
