import { memoryAdapters } from '../../adapters/memory/index.js'
import { onSignIn } from '../../lib/index.js'
import { serve } from '../protocol/server.js'

/**
 * Scenarios of RFC 7642 §3 that go beyond one client of the protocol; the others are in
 * test/protocol/use-cases.test.ts.
 */

it('matches somebody who signs in with the person that was provisioned, and lets in nobody else (UC-02, S-ATO-09)', async () => {
  const adapters = memoryAdapters()
  const scim = await serve(adapters)
  const tenant = { tenant: 'acme' }
  const signIn = (email: string) => onSignIn(adapters, tenant, email, { unknownPeople: 'refuse' })
  expect(await signIn('ines@acme.example')).toEqual({ allowed: false, reason: 'unknown' })

  const emails = [{ value: 'Ines@Acme.example', primary: true }]
  const user = await scim.user('ines', { emails, displayName: 'Ines' })
  expect(await signIn('ines@acme.example')).toEqual({
    allowed: true,
    reason: 'active',
    userId: user.id,
  })
  expect((await scim.get(`/Users/${user.id}`)).body).toEqual(user)

  await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'active', value: false }])
  expect(await signIn('ines@acme.example')).toEqual({ allowed: false, reason: 'deprovisioned' })
  expect((await scim.get(`/Users/${user.id}`)).body.active).toBe(false)
})

it('keeps the people of several clients apart, and lets each person edit their own part (UC-03)', async () => {
  const scim = await serve()
  const user = await scim.user('ines@acme.example')
  await scim.user('noor@globex.example', {}, { as: 'globex' })
  for (const as of ['acme', 'globex']) {
    expect((await scim.get('/Users', { as })).body.totalResults).toBe(1)
  }
  const self = { as: `acme/${user.id}` }
  const edit = [{ op: 'replace', path: 'displayName', value: 'Ines M.' }]
  expect((await scim.patch('/Me', edit, self)).body.displayName).toBe('Ines M.')
})
