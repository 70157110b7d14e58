/** `'%d' % x`, `'{:d}'.format(x)` and the formats in f-strings. */

import { asNumber, PythonError, type PythonValue, representation, text } from './python-values.ts'

const MAX_WIDTH = 1000
const MAX_PRECISION = 100

/** One placeholder: how wide, how precise, which conversion. */
interface Format {
  readonly flags: string
  readonly width: number
  readonly precision: number | null
  readonly conversion: string
}

/** `format % values`; a single value stands for a tuple of one. */
export function percentFormat(format: string, values: PythonValue): string {
  const given = Array.isArray(values) ? (values as readonly PythonValue[]) : [values]
  let used = 0
  const result = format.replace(
    /%(?:%|([-+ 0#]*)(\d*)(?:\.(\d+))?[hlL]?([diursxXofFeEgGc])|(.?))/gs,
    (
      whole,
      flags: string,
      width: string,
      precision: string | undefined,
      conversion: string | undefined,
      bad,
    ) => {
      if (whole === '%%') return '%'
      if (conversion === undefined) throw new PythonError(`ValueError: unsupported format character '${bad}'`)
      if (used >= given.length) throw new PythonError('TypeError: not enough arguments for format string')
      return apply(formatOf(flags, width, precision, conversion), given[used++]!)
    },
  )
  if (used < given.length)
    throw new PythonError('TypeError: not all arguments converted during string formatting')
  return result
}

/** `text.format(values)`: `{}`, `{0}`, `{:.2f}`. */
export function braceFormat(format: string, values: readonly PythonValue[]): string {
  let next = 0
  return format.replace(
    /\{\{|\}\}|\{(\d*)(?::([^{}]*))?\}|[{}]/g,
    (whole, index: string | undefined, spec) => {
      if (whole === '{{' || whole === '}}') return whole[0]!
      if (index === undefined) throw new PythonError(`ValueError: unexpected '${whole}' in a format string`)
      const value = values[index === '' ? next++ : Number(index)]
      if (value === undefined) throw new PythonError('IndexError: more placeholders than values')
      return formatted(value, spec ?? '')
    },
  )
}

/** A value by what stands behind the colon: `>8`, `08.3f`, `x`. */
export function formatted(value: PythonValue, spec: string): string {
  if (spec === '') return text(value)
  const [, align, flags, width, precision, conversion] =
    /^([<>])?([-+ 0#]*)(\d*)(?:\.(\d+))?([dsxXofFeEgGc]?)$/.exec(spec) ?? []
  if (flags === undefined) throw new PythonError(`ValueError: invalid format specifier '${spec}'`)
  if (typeof value === 'boolean') return formatted(value ? 1n : 0n, spec)
  if (typeof value === 'number' && conversion === 'd') {
    throw new PythonError("ValueError: unknown format code 'd' for object of type 'float'")
  }
  const kind = conversion || (precision !== undefined ? (typeof value === 'string' ? 's' : 'g') : 's')
  const isLeft = align === '<' || (align === undefined && typeof value === 'string')
  return apply(formatOf(isLeft ? `${flags}-` : flags, width ?? '', precision, kind), value)
}

function formatOf(flags: string, width: string, precision: string | undefined, conversion: string): Format {
  const digits = precision === undefined ? null : Number(precision)
  if (Number(width) > MAX_WIDTH || (digits ?? 0) > MAX_PRECISION) {
    throw new PythonError('ValueError: a format that is too wide')
  }
  return { flags, width: Number(width), precision: digits, conversion }
}

function apply({ flags, width, precision, conversion }: Format, value: PythonValue): string {
  let body = converted(conversion, precision, flags.includes('#'), value)
  const isNumber = !'src'.includes(conversion)
  if (isNumber && !body.startsWith('-'))
    body = (flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '') + body
  if (flags.includes('-')) return body.padEnd(width)
  if (!isNumber || !flags.includes('0')) return body.padStart(width)
  const sign = /^[-+ ]?/.exec(body)![0]
  return sign + body.slice(sign.length).padStart(width - sign.length, '0')
}

function converted(
  conversion: string,
  precision: number | null,
  isAlternate: boolean,
  value: PythonValue,
): string {
  switch (conversion) {
    case 's':
      return text(value).slice(0, precision ?? undefined)
    case 'r':
      return representation(value).slice(0, precision ?? undefined)
    case 'c':
      return typeof value === 'string' ? value : String.fromCodePoint(Number(integer(value) & 0xffffn))
    case 'd':
    case 'i':
    case 'u':
      return integer(value).toString()
    case 'x':
    case 'X':
    case 'o': {
      if (typeof value === 'number')
        throw new PythonError(`TypeError: %${conversion} needs an int, not float`)
      const whole = integer(value)
      const digits = (whole < 0n ? -whole : whole).toString(conversion === 'o' ? 8 : 16)
      const prefix = isAlternate ? (conversion === 'o' ? '0o' : '0x') : ''
      const shown = `${whole < 0n ? '-' : ''}${prefix}${digits}`
      return conversion === 'X' ? shown.toUpperCase() : shown
    }
  }
  const number = Number(asNumber(value, `%${conversion}`))
  const shown = float(conversion.toLowerCase(), precision ?? 6, number)
  return conversion === conversion.toLowerCase() ? shown : shown.toUpperCase()
}

function integer(value: PythonValue): bigint {
  const number = asNumber(value, '%d')
  if (typeof number === 'bigint') return number
  if (!Number.isFinite(number)) throw new PythonError('OverflowError: no integer is that large')
  return BigInt(Math.trunc(number))
}

function float(conversion: string, precision: number, value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
  if (conversion === 'f') return value.toFixed(precision)
  if (conversion === 'e') return twoDigits(value.toExponential(precision))
  const digits = Math.max(1, precision)
  const exponent = value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1])
  const shown =
    exponent < -4 || exponent >= digits
      ? value.toExponential(digits - 1)
      : value.toFixed(digits - 1 - exponent)
  return twoDigits(shown.replace(/(\.\d*?)0+(?=e|$)/, '$1').replace(/\.(?=e|$)/, ''))
}

/** Python's exponents have two digits at least. */
function twoDigits(shown: string): string {
  return shown.replace(/e([-+])(\d)$/, 'e$10$2')
}
