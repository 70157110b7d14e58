/** `elko conversations`: who spoke with whom, and how much, as `tshark -z conv,tcp` lists it. */

import { Dissector } from '../dissect/dissect.ts'
import { ConversationTable, type ConversationTotals } from '../flows/conversation-table.ts'
import {
  cutHeadersText,
  isHeaderCut,
  NO_CUT_HEADERS,
  WITHOUT_HEADER,
  withCutHeader,
} from '../flows/cut-headers.ts'
import { SequenceAnalysis } from '../flows/sequence-analysis.ts'
import { tsharkConversations } from '../print/tshark-conversations.ts'
import { EXIT_FINE, readArguments } from './arguments.ts'
import { askedTunnels, DECODE_HELP, DECODE_OPTIONS } from './asked-tunnels.ts'
import { capturePath, readUpToError, sayNotes } from './capture-input.ts'
import { LineWriter } from './line-writer.ts'

export const HELP = `Usage: elko conversations [options] FILE

Lists the TCP conversations of a capture as tshark -q -z conv,tcp does: frames and
bytes of each direction and of both, when each began, how long it lasted; those
with the most frames first. "-" is standard input.

A new SYN between the same ports, with another sequence number, is a conversation
of its own.

Options:
  --json           an object for each conversation, a line each, in the order in
                   which they began, with the number of its stream
${DECODE_HELP}

Exit code 3 where the file cannot be read to its end; what came before the error
has been printed.

Examples:
  elko conversations capture.pcapng
  elko conversations --json capture.pcap.gz
`

const OPTIONS = { ...DECODE_OPTIONS, json: { type: 'boolean' } } as const

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, 1)
  const path = capturePath(positionals[0])
  const analysis = new SequenceAnalysis()
  const table = new ConversationTable()
  const dissector = new Dissector((packet, tcp) => {
    if (isHeaderCut(packet, tcp)) cut = withCutHeader(cut, packet)
    table.packet(packet, tcp, analysis.analyze(packet, tcp))
  }, askedTunnels(values))
  let cut = NO_CUT_HEADERS
  dissector.onUnreadHeader = (packet) => {
    cut = withCutHeader(cut, packet)
  }
  const out = new LineWriter(process.stdout)
  const { trouble } = await readUpToError(path, (record) => {
    table.begin(record.seconds, record.nanoseconds)
    dissector.dissect(record)
  })
  if (values.json === true) for (const each of table.totals()) out.write(jsonOf(each))
  else for (const line of tsharkConversations(table)) out.write(line)
  await out.flush()
  sayNotes(path, [cutHeadersText(cut, WITHOUT_HEADER, 'they are not counted, as tshark does not')])
  if (trouble !== null) throw trouble
  return EXIT_FINE
}

function jsonOf({ stream, a, b, start, duration }: ConversationTotals): string {
  const side = ({ address, port, frames, octets }: ConversationTotals['a']): object => ({
    address: String(address),
    port,
    frames,
    bytes: octets,
  })
  return JSON.stringify({ stream, a: side(a), b: side(b), start, duration })
}
