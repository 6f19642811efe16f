// Who is signed in, with the way out.
import { ActionIcon, Menu } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { CircleUserRound, LogOut, UserRound } from "lucide-react";
import { useTranslation } from "react-i18next";
import { signOut, usePlace, useSession } from "../session/session";

export function AccountMenu() {
  const { t } = useTranslation();
  const { user, version } = useSession();
  const { project } = usePlace();
  const navigate = useNavigate();
  // A fresh document: nothing of this person stays in memory for the next.
  const leave = () => void signOut().finally(() => window.location.assign("/sign-in"));
  return (
    <Menu position="top-start" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={30} aria-label={t("nav.account")} title={user.email}>
          <CircleUserRound size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user.name}
          <br />
          {user.email}
        </Menu.Label>
        <Menu.Item
          leftSection={<UserRound size={15} />}
          onClick={() =>
            void navigate({ to: "/p/$project/settings/profile", params: { project: project.id } })
          }
        >
          {t("nav.profile")}
        </Menu.Item>
        <Menu.Item leftSection={<LogOut size={15} />} onClick={leave}>
          {t("signIn.out")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Madang {version}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}
