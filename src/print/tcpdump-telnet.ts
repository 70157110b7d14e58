/** Telnet's commands (RFC 854) as tcpdump prints them: ` [telnet DO ECHO, WILL NAWS]`. */

import type { Page } from './page.ts'

const FIRST_COMMAND = 236
const SUBNEGOTIATION_END = 240
const SUBNEGOTIATION = 250
const WILL = 251
const DONT = 254
const INTERPRET_AS_COMMAND = 255

const COMMANDS = 'EOF SUSP ABORT EOR SE NOP DMARK BRK IP AO AYT EC EL GA SB WILL WONT DO DONT IAC'.split(' ')

const OPTIONS = [
  ...'BINARY,ECHO,RCP,SUPPRESS GO AHEAD,NAME,STATUS,TIMING MARK,RCTE,NAOL,NAOP'.split(','),
  ...'NAOCRD,NAOHTS,NAOHTD,NAOFFD,NAOVTS,NAOVTD,NAOLFD,EXTEND ASCII,LOGOUT,BYTE MACRO'.split(','),
  ...'DATA ENTRY TERMINAL,SUPDUP,SUPDUP OUTPUT,SEND LOCATION,TERMINAL TYPE,END OF RECORD'.split(','),
  ...'TACACS UID,OUTPUT MARKING,TTYLOC,3270 REGIME,X.3 PAD,NAWS,TSPEED,LFLOW'.split(','),
  ...'LINEMODE,XDISPLOC,OLD-ENVIRON,AUTHENTICATION,ENCRYPT,NEW-ENVIRON'.split(','),
]
const AUTHENTICATION = 37
const ENCRYPTION = 38

const SUBCOMMANDS = ['IS', 'SEND', 'INFO']
const AUTHENTICATION_COMMANDS = ['IS', 'SEND', 'REPLY', 'NAME']
const AUTHENTICATION_TYPES =
  'NULL KERBEROS_V4 KERBEROS_V5 SPX MINK SRP RSA SSL   LOKI SSA KEA_SJ KEA_SJ_INTEG DSS NTLM'.split(' ')
const ENCRYPTION_COMMANDS = 'IS SUPPORT REPLY START END REQUEST-START REQUEST-END END_KEYID DEC_KEYID'.split(
  ' ',
)
const ENCRYPTION_TYPES =
  'NULL DES_CFB64 DES_OFB64 DES3_CFB64 DES3_OFB64  CAST5_40_CFB64 CAST5_40_OFB64 CAST128_CFB64 CAST128_OFB64'.split(
    ' ',
  )

export function putTelnet(page: Page, at: number, length: number): void {
  page.protocol = 'telnet'
  let next = at
  let isFirst = true
  while (next < at + length && page.uint8(next) === INTERPRET_AS_COMMAND && !page.isCut) {
    const command = commandAt(page, next, at + length)
    if (command === null) break
    page.put(`${isFirst ? ' [telnet ' : ', '}${command.text}`)
    isFirst = false
    next += command.length
  }
  if (!isFirst) page.put(']')
}

/** C's `%#x`. */
const number = (value: number): string => (value === 0 ? '0' : `0x${value.toString(16)}`)
const named = (names: readonly string[], value: number): string => names[value] || number(value)

/** Null where it is none, or does not end here. */
function commandAt(page: Page, at: number, end: number): { text: string; length: number } | null {
  if (at + 1 >= end) return null
  const command = page.uint8(at + 1)
  if (command === INTERPRET_AS_COMMAND) return { text: 'IAC IAC', length: 2 }
  if (command < FIRST_COMMAND) return null
  const name = COMMANDS[command - FIRST_COMMAND]!
  if (command !== SUBNEGOTIATION && (command < WILL || command > DONT)) return { text: name, length: 2 }
  if (at + 2 >= end) return null
  const option = page.uint8(at + 2)
  const text = `${name} ${named(OPTIONS, option)}`
  return command === SUBNEGOTIATION ? subnegotiation(page, at, end, option, text) : { text, length: 3 }
}

function subnegotiation(
  page: Page,
  at: number,
  end: number,
  option: number,
  head: string,
): { text: string; length: number } | null {
  let stop = at + 3
  const isEnd = (): boolean =>
    page.uint8(stop) === INTERPRET_AS_COMMAND && page.uint8(stop + 1) === SUBNEGOTIATION_END
  while (stop + 1 < end && !isEnd() && !page.isCut) stop++
  if (page.uint8(stop) !== INTERPRET_AS_COMMAND) return null
  const tables =
    option === AUTHENTICATION
      ? [AUTHENTICATION_COMMANDS, AUTHENTICATION_TYPES]
      : option === ENCRYPTION
        ? [ENCRYPTION_COMMANDS, ENCRYPTION_TYPES]
        : [SUBCOMMANDS]
  let text = head
  for (let next = at + 3; next < stop; next++) {
    const table = tables[next - at - 3]
    const value = page.uint8(next)
    text += ` ${table === undefined ? number(value) : named(table, value)}`
  }
  return { text: `${text} SE`, length: stop + 2 - at }
}
