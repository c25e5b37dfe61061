/** xsd:dateTime with a four-digit year; unambiguous, so matching takes linear time. */
const dateTimePattern =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(Z|[+-]\d\d:\d\d)?$/

/**
 * Milliseconds since 1970 of a dateTime (RFC 7643 §2.3.5), or `undefined` if the text is invalid:
 * it needs both date and time, the day must exist, and 24:00:00 is the end of a day. Without an
 * offset it counts as UTC.
 */
export function parseDateTime(text: string): number | undefined {
  const match = dateTimePattern.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Six
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const offset = offsetMinutes(match[8])
  const endsDay = hour === 24 && minute === 0 && second === 0 && milliseconds === 0
  if (offset === undefined || (hour > 23 && !endsDay) || minute > 59 || second > 59)
    return undefined
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute - offset, second, milliseconds)
  return date.getTime()
}

/**
 * Like {@link parseDateTime}, for people who write it: seconds may be left out, and a date alone
 * means its beginning in UTC.
 */
export function parseInstant(text: string): number | undefined {
  const withTime = /^[^T]*$/.test(text) ? `${text}T00:00` : text
  return parseDateTime(withTime.replace(/(T\d\d:\d\d)(?!:)/, '$1:00'))
}

type Six = [number, number, number, number, number, number]

/** At most 14 hours (xsd:dateTime). */
function offsetMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))
  if (Number(zone.slice(4)) > 59 || minutes > 14 * 60) return undefined
  return zone.startsWith('-') ? -minutes : minutes
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}
