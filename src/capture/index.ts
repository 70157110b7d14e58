/** `elko/capture`: pcap and pcapng, read and written without a file system. */

export type {
  CapturedPacket,
  CaptureError,
  CaptureFile,
  CaptureInterface,
  Direction,
} from './capture-file.ts'
export { pcapHeader, pcapPacket, readPcap } from './pcap.ts'
export { pcapngHeader, pcapngInterface, pcapngPacket } from './pcapng.ts'
export { readCapture, readPcapng } from './read-pcapng.ts'
