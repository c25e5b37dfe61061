import type { Request } from 'express'
import { createGuard } from '../../lib/http/guard.js'

/** Whether a failure from one address makes the other one wait. */
function areOne(one: string, other: string): boolean {
  const guard = createGuard({
    limits: { maxRequestsInFlight: 1 },
    rateLimits: { failedAuthenticationsPerMinute: 1 },
    clock: () => new Date(0),
  })
  const from = (ip: string) => ({ ip, headers: {} }) as Request
  guard.remember(from(one), false)
  try {
    guard.admit(from(other))
    return false
  } catch {
    return true
  }
}

it.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', true],
  ['2001:DB8:1:2::1', '2001:0db8:0001:0002:0000:0000:0000:0009', true],
  ['2001:db8::1', '2001:db8:0:0:1::', true],
  ['fe80::1%eth0', 'fe80::2', true],
  ['::1', '::2', true],
  ['1::2:3:4:5:6:7', '1:0:2:3::', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '::ffff:10.0.0.1', true],
  ['10.0.0.1', '10.0.0.2', false],
  ['::ffff:10.0.0.1', '::ffff:10.0.0.2', false],
  ['::1', '10.0.0.1', false],
])('counts failures of %s and %s together: %s', (one, other, expected) => {
  expect(areOne(one, other)).toBe(expected)
})
