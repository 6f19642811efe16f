// The rail on the left: project, search, pages by group, and the person's own switches at its foot.
import { ActionIcon, Tooltip, UnstyledButton } from "@mantine/core";
import { useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { Keyboard, PanelLeftClose, PanelLeftOpen, Search } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { SchemeToggle } from "../design/SchemeToggle";
import { LanguageToggle } from "../session/LanguageToggle";
import { usePlace } from "../session/session";
import { AccountMenu } from "./AccountMenu";
import { ProjectSwitcher } from "./ProjectSwitcher";
import { GROUPS, HOME, type PageEntry } from "./pages";
import classes from "./Shell.module.css";

const isMac = /mac/i.test(navigator.userAgent);

export function Rail({ onPalette, onHelp }: { onPalette: () => void; onHelp: () => void }) {
  const { t } = useTranslation();
  const isNarrow = useMediaQuery("(max-width: 1100px)", undefined, { getInitialValueInEffect: false });
  const [chosen, setChosen] = useLocalStorage<boolean | null>({
    key: "madang.rail.small",
    defaultValue: null,
  });
  const small = chosen ?? isNarrow ?? false;
  return (
    <nav className={classes.rail} data-small={small || undefined} aria-label={t("nav.main")}>
      <div className={classes.top}>
        <ProjectSwitcher />
        <Tooltip label={t("nav.palette")} position="right">
          <UnstyledButton
            className={classes.find}
            onClick={onPalette}
            aria-label={small ? t("nav.find") : undefined}
          >
            <Search size={15} />
            <span>{t("nav.find")}</span>
            <kbd>{isMac ? "⌘K" : "Ctrl K"}</kbd>
          </UnstyledButton>
        </Tooltip>
      </div>
      <div className={classes.groups}>
        <ul className={classes.group}>
          <Entry page={HOME} small={small} exact />
        </ul>
        {GROUPS.map((group) => (
          <div key={group.name}>
            <div className={classes.groupTitle} id={`group-${group.name}`}>
              {t(`nav.${group.name}`)}
            </div>
            <ul className={classes.group} aria-labelledby={`group-${group.name}`}>
              {group.pages.map((page) => (
                <Entry key={page.name} page={page} small={small} />
              ))}
            </ul>
          </div>
        ))}
      </div>
      <div className={classes.foot}>
        <AccountMenu />
        <LanguageToggle />
        <SchemeToggle />
        <Foot label={t("nav.keyboard")} onClick={onHelp}>
          <Keyboard size={16} />
        </Foot>
        <Foot label={t(small ? "nav.expand" : "nav.collapse")} onClick={() => setChosen(!small)}>
          {small ? <PanelLeftOpen size={16} /> : <PanelLeftClose size={16} />}
        </Foot>
      </div>
    </nav>
  );
}

function Entry({ page, small, exact }: { page: PageEntry; small: boolean; exact?: boolean }) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const Icon = page.icon;
  return (
    <li>
      <Tooltip label={t(`nav.${page.name}`)} position="right" disabled={!small}>
        <Link
          to={page.to}
          params={{ project: project.id }}
          className={classes.link}
          activeOptions={{ exact, includeSearch: false }}
          aria-label={small ? t(`nav.${page.name}`) : undefined}
        >
          <Icon size={16} />
          <span>{t(`nav.${page.name}`)}</span>
        </Link>
      </Tooltip>
    </li>
  );
}

function Foot({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={label} position="top">
      <ActionIcon variant="subtle" color="gray" size={30} aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
