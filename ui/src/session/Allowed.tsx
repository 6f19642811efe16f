// A button that is there for everybody but only works for those who may; the others are told who can.
import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { usePlace } from "./session";

interface AllowedProps extends ButtonProps {
  may: "edit" | "admin";
  onClick: () => void;
  children: ReactNode;
}

export function AllowedButton({ may, children, ...rest }: AllowedProps) {
  const { t } = useTranslation();
  const place = usePlace();
  const isAllowed = may === "admin" ? place.canAdmin : place.canEdit;
  if (isAllowed) return <Button {...rest}>{children}</Button>;
  const reason = t("common.readOnly", {
    role: t(`members.roles.${place.role}`),
    organisation: place.organisation.name,
  });
  return (
    <Tooltip label={reason} multiline w={260}>
      <Button {...rest} data-disabled aria-disabled onClick={(event) => event.preventDefault()}>
        {children}
      </Button>
    </Tooltip>
  );
}
