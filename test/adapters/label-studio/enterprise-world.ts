import {
  type FakeLabelStudio,
  type FakeOptions,
  type FakeWorkspace,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { newMember, newUser } from '../../support/fake-label-studio/state.js'
import { type Product, type ProductOptions, startProduct } from './product.js'

export const ann = 'ann@example.com'

/**
 * A fake Enterprise with the product in front of it, what a test does there by hand, and what it
 * looks at.
 */
export interface EnterpriseWorld {
  fake: FakeLabelStudio
  product: Product
  /** Another host of the same storage, or with other options. */
  startAgain(more?: ProductOptions): Promise<Product>
  /** Pushes somebody and waits until they are provisioned; returns their SCIM id. */
  push(attributes?: Record<string, unknown>): Promise<string>
  pushGroup(name: string, members: readonly string[]): Promise<string>
  saveRules(rules: Parameters<Product['saveRules']>[0]): Promise<void>
  leave(group: string, member: string): Promise<void>
  /** Somebody who was in Label Studio before SCIM; returns the id of the account. */
  byHand(email: string, role: string): number
  aProject(): FakeProjectView
  aWorkspace(title: string, given?: { isPersonal?: boolean; isArchived?: boolean }): FakeWorkspace
  accountId(email?: string): number
  /** Changes somebody's membership of the organization by hand. */
  setMember(
    change: { role?: string; roleSource?: string; deletedAt?: string },
    email?: string,
  ): void
  roleOf(email?: string): string | undefined
}

export interface FakeProjectView {
  readonly id: number
  has(userId: number): boolean
  roleOf(userId: number): string | undefined
}

/** Starts one in each test that calls `start`, and ends it afterwards. */
export function enterpriseWorlds() {
  const stops: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop()
  })
  return async (options: FakeOptions = {}, more: ProductOptions = {}): Promise<EnterpriseWorld> => {
    const fake = await startFakeLabelStudio({ mode: 'lse', ...options })
    stops.push(fake.stop)
    const startAgain = async (other: ProductOptions = {}) => {
      const started = await startProduct(fake, { withOwner: false, ...other })
      stops.push(started.stop)
      return started
    }
    const product = await startAgain(more)
    return { fake, product, startAgain, ...requestsOf(product), ...handsOn(fake) }
  }
}

function requestsOf(product: Product) {
  return {
    async push(attributes: Record<string, unknown> = { userName: ann }): Promise<string> {
      const pushed = await product.pushUser(attributes)
      expect(pushed.status).toBe(201)
      await product.drained()
      return pushed.json.id
    },
    async pushGroup(name: string, members: readonly string[]): Promise<string> {
      const { json } = await product.pushGroup(name, members)
      await product.drained()
      return json.id
    },
    async saveRules(rules: Parameters<Product['saveRules']>[0]) {
      await product.saveRules(rules)
      await product.drained()
    },
    async leave(group: string, member: string) {
      const path = `members[value eq "${member}"]`
      const { status } = await product.patch(`/Groups/${group}`, [{ op: 'remove', path }])
      expect(status).toBeLessThan(300)
      await product.drained()
    },
  }
}

function handsOn({ state }: FakeLabelStudio) {
  const accountId = (email = ann) =>
    [...state.users.values()].find((each) => each.email === email)?.id ?? 0
  const memberOf = (email = ann) =>
    [...state.members.values()].find(({ userId }) => userId === accountId(email))
  return {
    accountId,
    roleOf: (email = ann) => memberOf(email)?.role,
    setMember(change: object, email = ann) {
      const member = memberOf(email)
      if (member === undefined) throw new Error(`${email} is no member.`)
      Object.assign(member, change)
    },
    byHand(email: string, role: string): number {
      const id = state.nextId()
      state.users.set(id, newUser(id, { email, username: email, activeOrganization: 1 }))
      state.members.set(id, { ...newMember(id, id, role), roleSource: 'manual' })
      return id
    },
    aProject(): FakeProjectView {
      const id = state.nextId()
      const members = new Set<number>()
      state.projects.set(id, { id, title: `Project ${id}`, createdBy: 1, members })
      const ofUser = (userId: number) =>
        [...state.projectRoles.values()].find(
          ({ project, user }) => project === id && user === userId,
        )
      return { id, has: (userId) => members.has(userId), roleOf: (userId) => ofUser(userId)?.role }
    },
    aWorkspace(title: string, given = {}): FakeWorkspace {
      const id = state.nextId()
      const plain = { id, title, isPersonal: false, isArchived: false, members: new Set<number>() }
      const workspace = { ...plain, ...given }
      state.workspaces.set(id, workspace)
      return workspace
    },
  }
}
