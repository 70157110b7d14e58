/** `elko/print`: packets of captures in the words of tcpdump. */

export { type TcpdumpOptions, TcpdumpPrinter } from './tcpdump-line.ts'
