import type { LabelStudioAdmin, LabelStudioApi } from '../../../adapters/label-studio/api/index.js'
import { signIn } from '../../support/label-studio-browser.js'
import { clientsOf, type Subject } from './contract.js'
import { type Product, type ProductOptions, scopeOf, startProduct } from './product.js'
import { everything, peopleOf } from './replaced-credentials.js'

const newPassword = 'Another-passw0rd'

/** With what a deleted person still gets in when a new SCIM user has their account. */
export function describeFormerCredentials(name: string, start: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject
    let api: LabelStudioApi
    let admin: LabelStudioAdmin
    let product: Product
    const { aPerson, accepted, call } = peopleOf(
      () => subject,
      () => api,
    )

    beforeAll(async () => {
      subject = await start()
      ;({ api, admin } = clientsOf(subject))
    }, 300_000)
    afterAll(() => subject?.stop(), 60_000)
    afterEach(() => product?.stop())

    const begin = async (options: ProductOptions = {}) => {
      product = await startProduct(subject, options)
    }
    const push = async (attributes: Record<string, unknown>): Promise<string> => {
      const pushed = await product.pushUser(attributes)
      expect([pushed.status, pushed.json.detail]).toEqual([201, undefined])
      await product.drained()
      return pushed.json.id
    }
    const pushAndDelete = async (userName: string) => {
      const id = await push({ userName, externalId: 'first' })
      expect((await product.scim('DELETE', `/Users/${id}`)).status).toBe(204)
      await product.drained()
    }
    const somebodyElse = (userName: string) => ({
      userName,
      externalId: 'second',
      name: { givenName: 'Somebody', familyName: 'Else' },
    })
    const isActive = async (id: number) => (await admin.get(id))?.isActive
    const noteOf = (id: number) => `labelStudio.successor:${id}`
    /** As if the last access token had expired, for which the product waits five minutes. */
    const fiveMinutesLater = async (id: number) => {
      const { access } = product.adapters
      const note = JSON.parse((await access?.getValue(scopeOf(), noteOf(id))) ?? '{}')
      const opensAt = new Date().toISOString()
      await access?.setValue(scopeOf(), noteOf(id), JSON.stringify({ ...note, opensAt }))
    }
    const isOpenInTime = async (id: number) => {
      for (const until = Date.now() + 10_000; Date.now() < until; ) {
        await product.drained()
        if (await isActive(id)) return true
      }
      return false
    }

    it('is nothing, and the new password works', async () => {
      await begin()
      const person = await aPerson()
      await pushAndDelete(person.email)
      const id = await push({ ...somebodyElse(person.email), password: newPassword })
      expect(Number((await product.record(id))?.account?.id)).toBe(person.id)
      // An access token that was made a moment before would work as soon as the account opens.
      expect([await isActive(person.id), await accepted(person)]).toEqual([false, []])
      await fiveMinutesLater(person.id)
      expect(await isOpenInTime(person.id)).toBe(true)
      expect(await accepted(person)).toEqual([])
      const { status, cookie } = await signIn(product.url, person.email, newPassword)
      expect(status).toBe(302)
      const after = await call({ cookie }, 'GET', '/api/current-user/token')
      expect([after.status, after.json.token === person.legacy]).toEqual([200, false])
      expect((await call({ cookie }, 'POST', '/api/token/')).status).toBe(201)
      expect(await accepted({ ...person, access: undefined })).toEqual([])
    }, 120_000)

    it('is nothing without a new password, and nobody waits where there was no token', async () => {
      await begin()
      const person = await aPerson({ hasPersonalToken: false })
      await pushAndDelete(person.email)
      await push(somebodyElse(person.email))
      expect([await isActive(person.id), await accepted(person)]).toEqual([true, []])
    }, 120_000)

    it('is nothing where somebody had let them in by hand', async () => {
      await begin({ isWorking: false, router: { onPending: () => {} } })
      const person = await aPerson()
      await pushAndDelete(person.email)
      await admin.change(person.id, { isActive: true })
      expect(await accepted(person)).toEqual(everything)
      const id = await push({ ...somebodyElse(person.email), password: newPassword })
      expect([await isActive(person.id), await accepted(person)]).toEqual([false, []])
      expect((await product.scim('DELETE', `/Users/${id}`)).status).toBe(204)
    }, 120_000)

    it.each(['soft-delete', 'gate'] as const)(
      'is nothing with the strategy %s',
      async (mode) => {
        await begin({ adapters: { deprovisioning: mode } })
        const person = await aPerson()
        await pushAndDelete(person.email)
        await push({ ...somebodyElse(person.email), password: newPassword })
        expect([await isActive(person.id), await accepted(person)]).toEqual([true, []])
        expect((await signIn(product.url, person.email, newPassword)).status).toBe(302)
      },
      120_000,
    )

    it('is everything after a mere deactivation', async () => {
      await begin()
      const person = await aPerson()
      const id = await push({ userName: person.email })
      expect((await product.setActive(id, false)).status).toBe(200)
      expect(await accepted(person)).toEqual([])
      expect((await product.setActive(id, true)).status).toBe(200)
      await product.drained()
      expect(await accepted(person)).toEqual(everything)
    }, 120_000)
  })
}
