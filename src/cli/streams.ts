/** `elko streams`: each connection of a capture with the states of both ends, round trips, windows and losses. */

import { Dissector } from '../dissect/dissect.ts'
import {
  cutHeadersText,
  isHeaderCut,
  NO_CUT_HEADERS,
  OPTIONS_CUT,
  UNREAD,
  withCutHeader,
} from '../flows/cut-headers.ts'
import type { FlowReport } from '../flows/flow.ts'
import { FlowTracker } from '../flows/flow-tracker.ts'
import { MANY_CONVERSATIONS, SequenceAnalysis } from '../flows/sequence-analysis.ts'
import { counted } from '../trace/counted.ts'
import { EXIT_FINE, readArguments, wholeNumber } from './arguments.ts'
import { askedTunnels, DECODE_HELP, DECODE_OPTIONS } from './asked-tunnels.ts'
import { capturePath, noSuchStream, readCaptureFile, sayNotes } from './capture-input.ts'
import { flowLines } from './flow-lines.ts'
import { LineWriter } from './line-writer.ts'

export const HELP = `Usage: elko streams [options] FILE

Each TCP connection of a capture: who spoke with whom, the states that both ends
went through as far as the packets show them, round trips from the capture point
to each end, think time, windows, throughput, and why segments came again. "-" is
standard input.

Options:
  --stream N       only that connection
  --json           an object for each connection, a line each; times are
                   nanoseconds
${DECODE_HELP}

What no packet shows is marked: states in parentheses are inferred; a window
scale of a connection whose SYN is missing is a guess, the least that fits.

Exit code 1 where there is no such connection, 3 where the file cannot be read to
its end; what came before the error has been printed.

Examples:
  elko streams capture.pcapng
  elko streams --stream 3 --json capture.pcap
`

/** tcp.stream fits a word. */
const MOST_STREAMS = 0x7fff_ffff

export async function run(argv: string[]): Promise<number> {
  const options = { ...DECODE_OPTIONS, stream: { type: 'string' }, json: { type: 'boolean' } } as const
  const { values, positionals } = readArguments(argv, options, 1)
  const path = capturePath(positionals[0])
  const only = wholeNumber('--stream', values.stream, 0, MOST_STREAMS)
  const out = new LineWriter(process.stdout)
  const isJson = values.json === true
  const order = new InOrder((text) => out.write(text))
  const tracker = new FlowTracker((flow) => {
    const isWanted = only === undefined || flow.stream === only
    order.put(flow.stream, isWanted ? textOf(flow.report(), isJson) : '')
  })
  const analysis = new SequenceAnalysis(MANY_CONVERSATIONS)
  const dissector = new Dissector((packet, tcp) => {
    if (isHeaderCut(packet, tcp)) optionsCut = withCutHeader(optionsCut, packet)
    tracker.packet(packet, tcp, analysis.analyze(packet, tcp))
  }, askedTunnels(values))
  let packets = 0
  let [unread, optionsCut] = [NO_CUT_HEADERS, NO_CUT_HEADERS]
  dissector.onUnreadHeader = (packet) => {
    unread = withCutHeader(unread, packet)
  }
  try {
    await readCaptureFile(path, (record) => {
      packets++
      dissector.dissect(record)
    })
  } finally {
    tracker.end()
    order.end()
    await out.flush()
    sayNotes(path, [
      packets > 0 && analysis.conversations.count === 0
        ? `no TCP connection in ${counted(packets, 'packet')}`
        : '',
      cutHeadersText(unread, UNREAD, 'they are in no stream'),
      cutHeadersText(optionsCut, OPTIONS_CUT, 'windows and times by timestamps may lack what was cut off'),
    ])
  }
  const { count } = analysis.conversations
  if (only !== undefined && only >= count) throw noSuchStream(path, only, count)
  return EXIT_FINE
}

const textOf = (report: FlowReport, isJson: boolean): string =>
  isJson ? JSON.stringify(report) : flowLines(report).join('\n')

/** Texts by number, as connections end; written in the order of the numbers. What an older one holds up is kept as text. */
class InOrder {
  readonly #write: (text: string) => void
  readonly #waiting = new Map<number, string>()
  #next = 0

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  put(number: number, text: string): void {
    if (number < this.#next) this.#tell(text)
    else this.#waiting.set(number, text)
    for (;;) {
      const ready = this.#waiting.get(this.#next)
      if (ready === undefined) return
      this.#waiting.delete(this.#next++)
      this.#tell(ready)
    }
  }

  /** What is left: its turn never came where a stream was only ever quoted. */
  end(): void {
    for (const number of [...this.#waiting.keys()].sort((a, b) => a - b))
      this.#tell(this.#waiting.get(number)!)
  }

  #tell(text: string): void {
    if (text !== '') this.#write(text)
  }
}
