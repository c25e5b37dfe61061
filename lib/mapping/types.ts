/** Group mapping in Label Studio's terms and format. Plain data. */

/** Organization roles that a rule can give, highest first. Owner can never be given. */
export type OrganizationRole =
  | 'Administrator'
  | 'Manager'
  | 'Reviewer'
  | 'Annotator'
  | 'Not Activated'
  | 'Deactivated'

/** Project roles that a rule can give. `Inherit`: a project member with their organization role. */
export type ProjectRole = 'Reviewer' | 'Annotator' | 'Inherit'

/** The mapping rules, shaped exactly as Label Studio's `/api/scim/settings`. */
export interface MappingRules {
  /** `[role, group]` */
  readonly roles_groups: readonly (readonly [OrganizationRole, string])[]
  /** `[workspace title, group]` */
  readonly workspaces_groups: readonly (readonly [string, string])[]
  readonly projects_groups: readonly {
    readonly project_id: number
    readonly group: string
    readonly role: ProjectRole
  }[]
}

/** What happens to the organization role of a person to whom no rule gives one. */
export type OnNoRole = 'deactivate' | 'keep' | 'default' | 'notActivated'

/** How rules are read. */
export interface MappingPolicy {
  /** For people who had a role through a rule and have none now. Default `deactivate`. */
  readonly onNoRole: OnNoRole
  /**
   * The role for people to whom no rule ever gave one, and for `onNoRole: 'default'`. `null`: keep
   * the host's default. Default `null`.
   */
  readonly defaultRole: OrganizationRole | null
  /**
   * Group names match regardless of case and surrounding spaces. Default `false`: exactly, as in
   * Label Studio.
   */
  readonly ignoreCase: boolean
  /** Allow `Not Activated` and `Deactivated` in `roles_groups`. Default `false`. */
  readonly allowSystemRoles: boolean
  /**
   * `[role, value]`: people with this value in their `roles` or `entitlements` get this
   * organization role in addition to what their groups give; the highest wins. Values match
   * exactly. Default none: these attributes give nothing.
   */
  readonly roles_users?: readonly (readonly [OrganizationRole, string])[]
}

/** One thing that rules give. */
export type Grant = {
  readonly [Kind in keyof Grants]: { readonly kind: Kind } & Grants[Kind] & Ledgered
}[keyof Grants]

export interface Grants {
  readonly role: { readonly role: OrganizationRole }
  readonly workspace: {
    readonly title: string
    /** In a ledger: the workspace that had the title when the membership was granted. */
    readonly workspaceId?: number
  }
  readonly project: {
    readonly projectId: number
    readonly role: ProjectRole
    /**
     * In a ledger: the person was already a member, added by hand, so only the role may be revoked.
     */
    readonly onlyRole?: true
  }
}

/** Information about a grant that only a ledger has. */
export interface Ledgered {
  /**
   * Recorded before it is granted, so that it can still be revoked if the process ends in between;
   * plans grant it again.
   */
  readonly unconfirmed?: true
}

/**
 * The reason for something granted: the group through which a rule gives it. `rule` is `<list
 * name>[<index>]`, e.g. `roles_groups[0]`.
 */
export interface Reason {
  readonly grant: Grant
  /**
   * Empty if a value of the person's `roles` or `entitlements` gives it instead of a group
   * (`roles_users`).
   */
  readonly groupId: string
  /** Name of the group, or that value. */
  readonly group: string
  readonly rule: string
  /** A higher role won, so this rule has no effect. */
  readonly outranked: boolean
}

/** The access that a person should have. */
export interface Access {
  /** `false`: no access at all. */
  readonly active: boolean
  /** `null`: keep the organization role as it is. */
  readonly role: OrganizationRole | null
  /** Workspace titles, sorted. */
  readonly workspaces: readonly string[]
  /** Sorted by project, each project once. */
  readonly projects: readonly { readonly projectId: number; readonly role: ProjectRole }[]
  readonly reasons: readonly Reason[]
}

/**
 * The steps from the grants in force to the desired access. Revocations only name grants in the
 * ledger.
 */
export interface Plan {
  /**
   * To grant or change: a grant supersedes an earlier one of the organization role or the same
   * project.
   */
  readonly grants: readonly Grant[]
  readonly revocations: readonly Grant[]
  /** Only recorded until the person first signs in (the organization role is Not Activated). */
  readonly deferred: readonly Grant[]
}

/** The result of `applyAccess`. */
export interface AppliedAccess {
  /** The grants that SCIM made and that are in force: the new ledger. */
  readonly applied: readonly Grant[]
  /** Grants deferred until the person signs in (Not Activated). */
  readonly deferred?: readonly Grant[]
  /** Notes for administrators, e.g. that an edition cannot enforce project roles. */
  readonly notes?: readonly string[]
  /** The host's account of this person, if there is one. */
  readonly account?: AccountReference
}

/** The host's account behind a SCIM user. */
export interface AccountReference {
  /** The host's id, as text. Never derived from anything that a client sends. */
  readonly id: string
  /** The e-mail of the account when last seen, lower-cased. */
  readonly email?: string
  /**
   * RFC 3339; when the host made the account. A host whose database was restored may give its id to
   * another account.
   */
  readonly since?: string
  /** How the account and the user were linked. */
  readonly origin: 'created' | 'adopted' | 'imported'
  /** The account cannot be changed from outside: it is a superuser's. */
  readonly isProtected?: true
  /**
   * The first change of somebody `imported` is under way: if it is refused, they are `imported`
   * again.
   */
  readonly isTentative?: true
}
