/** `elko/filter`: capture filters as tcpdump takes them (pcap-filter(7)). */

export { BpfMachine } from './bpf-machine.ts'
export { type BpfInstruction, encodeBpf } from './bpf-program.ts'
export { CaptureFilter, compileBpf } from './capture-filter.ts'
export { FilterError } from './filter-error.ts'
