// The frame around every page of a project: the rail on the left, the page, and what keys open.
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { placeOf, useSession } from "../session/session";
import { hasChosenLanguage, showLanguage } from "../words";
import { MissingPage } from "./edges";
import { KeyboardHelp } from "./KeyboardHelp";
import { Palette } from "./Palette";
import { Rail } from "./Rail";
import classes from "./Shell.module.css";
import { useSequence } from "./useSequence";

export function Shell() {
  const { t } = useTranslation();
  const session = useSession();
  const { project = "" } = useParams({ strict: false });
  const [palette, paletteOpen] = useDisclosure(false);
  const [help, helpOpen] = useDisclosure(false);
  const navigate = useNavigate();
  const place = placeOf(session, project);

  useHotkeys(
    [
      ["mod+K", paletteOpen.toggle],
      ["shift+?", helpOpen.toggle],
    ],
    [],
  );
  useSequence("g", {
    h: () => void navigate({ to: "/p/$project", params: { project } }),
    t: () => void navigate({ to: "/p/$project/traces", params: { project } }),
    m: () => void navigate({ to: "/p/$project/models", params: { project } }),
  });
  useEffect(() => {
    // A choice made in this browser holds. Without one, a Korean account makes the pages Korean; an English one
    // leaves them as the browser wants them, because every new account is English until somebody chooses.
    if (!hasChosenLanguage() && session.user.language === "ko") showLanguage("ko");
  }, [session.user.language]);

  if (!place) return <MissingPage />;
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        {t("nav.skip")}
      </a>
      <Rail onPalette={paletteOpen.open} onHelp={helpOpen.open} />
      <div className={classes.page}>
        {/* Another project is another page: nothing typed or chosen in one may show in the other. */}
        <Outlet key={project} />
      </div>
      {palette && <Palette onClose={paletteOpen.close} />}
      {help && <KeyboardHelp onClose={helpOpen.close} />}
    </div>
  );
}
