import { labelStudioApi } from '../../../adapters/label-studio/api/index.js'
import type { LabelStudioAdaptersOptions } from '../../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import { sessionCookie } from '../../support/fake-label-studio/auth.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { send, signUp } from '../../support/label-studio-browser.js'
import { mortal } from './mortal.js'
import { type Product, startProduct } from './product.js'

const password = 'A-good-passw0rd'
const email = 'ann@example.com'

/** Somebody in Label Studio, and what SCIM has of them. */
interface World {
  readonly product: Product
  /** SCIM id of the person. */
  readonly id: string
  readonly crew: string | undefined
}

interface Scene {
  /** What has happened before. Default: the person is listed by an import. */
  readonly before?: (world: World) => Promise<unknown>
  readonly request: (product: Product, world: World) => Promise<{ readonly status: number }>
  /** Whether the person may come in once the request has been answered. */
  readonly isIn: boolean
  readonly options?: Partial<LabelStudioAdaptersOptions>
}

const title = (product: Product, { id }: World) =>
  product.patch(`/Users/${id}`, [{ op: 'add', path: 'title', value: 'Boss' }])
const inCrew = async (world: World) => {
  await world.product.saveRules({ roles_groups: [['Annotator', 'crew']] })
  await title(world.product, world)
  await world.product.patch(`/Groups/${world.crew}`, [
    { op: 'add', path: 'members', value: [{ value: world.id }] },
  ])
}
const group = (members: readonly string[], displayName = 'crew') => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
  displayName,
  members: members.map((value) => ({ value })),
})
const shut = ({ product, id }: World) => product.setActive(id, false)

const scenes: Record<string, Scene> = {
  'the deactivation of a listed person': {
    request: (product, { id }) => product.setActive(id, false),
    isIn: false,
  },
  'the deletion of a listed person': {
    request: (product, { id }) => product.scim('DELETE', `/Users/${id}`),
    isIn: false,
  },
  'the first change of a listed person': { request: title, isIn: true },
  'the deactivation of a managed person': {
    before: (world) => title(world.product, world),
    request: (product, { id }) => product.setActive(id, false),
    isIn: false,
  },
  'the deletion of a managed person': {
    before: (world) => title(world.product, world),
    request: (product, { id }) => product.scim('DELETE', `/Users/${id}`),
    isIn: false,
  },
  'the return of somebody': {
    before: shut,
    request: (product, { id }) => product.setActive(id, true),
    isIn: true,
  },
  'the return of somebody deleted': {
    before: ({ product, id }) => product.scim('DELETE', `/Users/${id}`),
    request: (product) => product.pushUser({ userName: email }),
    isIn: true,
  },
  'the loss of the last role': {
    before: inCrew,
    request: (product, { id, crew }) =>
      product.patch(`/Groups/${crew}`, [{ op: 'remove', path: `members[value eq "${id}"]` }]),
    isIn: false,
  },
  'a PUT of the group without the person': {
    before: inCrew,
    request: (product, { crew }) => product.scim('PUT', `/Groups/${crew}`, group([])),
    isIn: false,
  },
  'another name of the group': {
    before: inCrew,
    request: (product, { crew }) =>
      product.patch(`/Groups/${crew}`, [{ op: 'replace', path: 'displayName', value: 'x' }]),
    isIn: false,
  },
  'the deletion of the group': {
    before: inCrew,
    request: (product, { crew }) => product.scim('DELETE', `/Groups/${crew}`),
    isIn: false,
  },
}

/** One request of a process that ends before its nth step, and what comes of it. */
async function cutShort(scene: Scene, lastStep: number, withOwner: boolean) {
  const fake = await startFakeLabelStudio({ mode: 'oss-new' })
  const storage = memoryAdapters()
  const options = { isWorking: false, withOwner }
  const healthy = await startProduct(fake, { ...options, storage, adapters: { ...scene.options } })
  try {
    const cookie = await signedUp(fake)
    await healthy.adapters.importer.run()
    const id = (await healthy.lookUp(email)).json.Resources[0].id
    const crew = (await healthy.pushGroup('crew', [])).json.id
    const world = { product: healthy, id, crew }
    await scene.before?.(world)
    await healthy.drained()
    const enters = async (cookie: string) =>
      (await send(`${healthy.url}/api/current-user/whoami`, { headers: { cookie } })).status === 200
    const account = [...fake.state.users.values()].find((each) => each.email === email)
    // With the owner's sign-in, what a deleted person held before has ended.
    const isIn = () => enters(account && withOwner ? `sessionid=${sessionCookie(account)}` : cookie)
    /** Whether what the identity provider reads agrees with what the person finds. */
    const isTrue = async () => {
      const [user] = (await healthy.lookUp(email)).json.Resources
      const { json } = await healthy.scim('GET', `/Groups/${crew}`)
      const isMember = json.displayName === 'crew' && (json.members ?? []).length > 0
      const mayEnter = user?.active === true && (scene.before !== inCrew || isMember)
      return (await isIn()) === mayEnter || (mayEnter ? 'locked out' : 'still in')
    }

    const { dead, adapters, fetch, expire } = mortal(storage, lastStep)
    const first = await startProduct(fake, {
      ...options,
      storage: { ...adapters, close: async () => {} },
      adapters: { ...scene.options, fetch },
    })
    const answer = scene.request(first, world).catch(() => undefined)
    const status = await Promise.race([answer.then((got) => got?.status), dead])
    await first.stop()
    await expire()
    await healthy.drained()
    const seen: unknown[] = [await isTrue()]
    await healthy.adapters.importer.run()
    await healthy.drained()
    seen.push(await isTrue())
    const again = await scene.request(healthy, world)
    seen.push([200, 201, 204, 404, 409].includes(again.status) || again.status)
    // Who is let in comes in once the reconciler has been there.
    if (!scene.isIn) seen.push(await isTrue())
    await healthy.drained()
    seen.push((await isIn()) === scene.isIn || 'not as asked for')
    await healthy.adapters.importer.run()
    await healthy.drained()
    seen.push((await isIn()) === scene.isIn || 'not as asked for after an import')
    return { isDone: status !== undefined, seen }
  } finally {
    await healthy.stop()
    await fake.stop()
  }
}

async function signedUp(fake: FakeLabelStudio): Promise<string> {
  const invite = await labelStudioApi({ url: fake.url, token: fake.token }).settings.inviteToken()
  return (await signUp(fake.url, invite, { email, password })).cookie
}

/** Where Label Studio itself is changed as well, those of which more than the gate knows. */
const withAdmin = [
  'the deactivation of a managed person',
  'the return of somebody deleted',
  'another name of the group',
]

describe.each([
  ['gate mode', false, Object.keys(scenes)],
  ['admin mode', true, withAdmin],
] as const)('a process that ends between any two steps (%s)', (_mode, withOwner, names) => {
  it.each(names)(
    'of %s lets nobody in and locks nobody out (G5)',
    async (name) => {
      const scene = scenes[name] as Scene
      for (let lastStep = 0; ; lastStep += 1) {
        const { isDone, seen } = await cutShort(scene, lastStep, withOwner)
        expect([lastStep, ...seen]).toEqual([lastStep, ...seen.map(() => true)])
        if (isDone) break
      }
    },
    120_000,
  )
})
