/** `elko/print`: packets of captures in the words of tcpdump. */

export { frameDetails, tcpDetails } from './details.ts'
export { type TcpdumpOptions, TcpdumpPrinter } from './tcpdump-line.ts'
export { ExpertSummary } from './tshark-expert.ts'
