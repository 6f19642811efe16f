// The pages there are, by group, as the rail and the palette list them. A page is listed once it exists.
import {
  Activity,
  Boxes,
  Building2,
  CircleDollarSign,
  Gauge,
  House,
  KeyRound,
  type LucideIcon,
  Siren,
  UserRound,
  UsersRound,
  Vault,
} from "lucide-react";

export type PageName =
  | "home"
  | "traces"
  | "models"
  | "prices"
  | "limits"
  | "drill"
  | "credentials"
  | "keys"
  | "project"
  | "members"
  | "profile";
export type GroupName = "studio" | "gateway" | "settings";

export interface PageEntry {
  name: PageName;
  to:
    | "/p/$project"
    | "/p/$project/traces"
    | "/p/$project/models"
    | "/p/$project/prices"
    | "/p/$project/limits"
    | "/p/$project/drill"
    | "/p/$project/credentials"
    | "/p/$project/keys"
    | "/p/$project/settings/project"
    | "/p/$project/settings/members"
    | "/p/$project/settings/profile";
  icon: LucideIcon;
}

export const HOME: PageEntry = { name: "home", to: "/p/$project", icon: House };

export const GROUPS: { name: GroupName; pages: PageEntry[] }[] = [
  { name: "studio", pages: [{ name: "traces", to: "/p/$project/traces", icon: Activity }] },
  {
    name: "gateway",
    pages: [
      { name: "models", to: "/p/$project/models", icon: Boxes },
      { name: "prices", to: "/p/$project/prices", icon: CircleDollarSign },
      { name: "limits", to: "/p/$project/limits", icon: Gauge },
      { name: "drill", to: "/p/$project/drill", icon: Siren },
      { name: "credentials", to: "/p/$project/credentials", icon: Vault },
      { name: "keys", to: "/p/$project/keys", icon: KeyRound },
    ],
  },
  {
    name: "settings",
    pages: [
      { name: "project", to: "/p/$project/settings/project", icon: Building2 },
      { name: "members", to: "/p/$project/settings/members", icon: UsersRound },
      { name: "profile", to: "/p/$project/settings/profile", icon: UserRound },
    ],
  },
];

export const PAGES: PageEntry[] = [HOME, ...GROUPS.flatMap((group) => group.pages)];
