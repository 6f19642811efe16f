// The project one is in, and the others.
import { Menu, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { Check, ChevronsUpDown, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Tag } from "../design/Tag";
import { usePlace, useSession } from "../session/session";
import { NewProject } from "./NewProject";
import classes from "./Shell.module.css";

export function ProjectSwitcher() {
  const { t } = useTranslation();
  const { organisations } = useSession();
  const { project, organisation, canAdmin } = usePlace();
  const navigate = useNavigate();
  const [isMaking, making] = useDisclosure(false);
  const go = (id: string) => void navigate({ to: "/p/$project", params: { project: id } });
  return (
    <>
      <Menu position="bottom-start" width={260}>
        <Menu.Target>
          <UnstyledButton className={classes.switch}>
            <span className="md-unseen">{t("nav.switchProject")}:</span>
            <img src="/madang.svg" alt="" width={20} height={20} />
            <span className={classes.switchName}>
              <b>{project.name}</b>
              <small>{organisation.name}</small>
            </span>
            <ChevronsUpDown size={14} className={classes.switchName} style={{ flex: "none" }} />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown mah={480} style={{ overflowY: "auto" }}>
          {organisations.map((one) => (
            <div key={one.id}>
              <Menu.Label>{one.name}</Menu.Label>
              {one.projects.map((other) => (
                <Menu.Item
                  key={other.id}
                  leftSection={
                    <Check size={14} style={{ visibility: other.id === project.id ? "visible" : "hidden" }} />
                  }
                  rightSection={other.is_sandbox ? <Tag tone="sim">{t("nav.sandbox")}</Tag> : undefined}
                  onClick={() => go(other.id)}
                >
                  {other.name}
                </Menu.Item>
              ))}
            </div>
          ))}
          {canAdmin && (
            <>
              <Menu.Divider />
              <Menu.Item leftSection={<Plus size={14} />} onClick={making.open}>
                {t("nav.newProject")}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {isMaking && <NewProject onClose={making.close} onMade={go} />}
    </>
  );
}
